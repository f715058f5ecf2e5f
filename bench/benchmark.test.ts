import { describe, expect, test } from '@jest/globals';
import type { Row } from './benchmark.ts';
import { brokenGates, median, quantile } from './benchmark.ts';
import { table } from './report.ts';

describe('median', () => {
  test.each([
    { values: [3], is: 3 },
    { values: [5, 1, 3], is: 3 },
    { values: [4, 1, 2, 3], is: 2.5 },
  ])('of $values is $is', ({ values, is }) => {
    expect(median(values)).toBe(is);
  });
});

describe('quantile', () => {
  test('is a sample that few exceed', () => {
    expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 100], 0.99)).toBe(100);
    expect(quantile([1, 2, 3], 0)).toBe(1);
  });
});

const aRow = (row: Partial<Row>): Row => ({ what: 'requests', unit: '', ours: [10], ...row });

describe('brokenGates', () => {
  test.each([
    { name: 'a row without a gate passes', row: aRow({}), broken: [] },
    { name: 'a count within its gate passes', row: aRow({ gate: { atMost: 10, ofRatio: false } }), broken: [] },
    {
      name: 'a count beyond its gate is reported',
      row: aRow({ gate: { atMost: 9, ofRatio: false } }),
      broken: ['requests: expected at most 9 in count, got 10.0'],
    },
    {
      name: 'a ratio beyond its gate is reported',
      row: aRow({ baseline: { name: 'others', values: [2] }, gate: { atMost: 4, ofRatio: true } }),
      broken: ['requests: expected at most 4 times others, got 5.00'],
    },
    {
      name: 'a ratio without a baseline does not pass',
      row: aRow({ gate: { atMost: 4, ofRatio: true } }),
      broken: ['requests: expected at most 4 times a baseline, got NaN'],
    },
  ])('$name', ({ row, broken }) => {
    expect(brokenGates([row])).toEqual(broken);
  });
});

describe('table', () => {
  test('shows the median, the spread, the ratio to the baseline, Brupop 1.x and the goal', () => {
    const row = aRow({ unit: 'ms', ours: [1, 2, 6], baseline: { name: 'others', values: [4] }, legacy: 1234.5, goal: 1.5 });
    expect(table([row]).split('\n')[2]).toBe(
      '| requests | 2 ms (1–6) | others: 4 ms | 0.5 | 1,230 ms (recorded) | ≤ 1.5 ms | **not met** |',
    );
  });

  test('shows Brupop 1.x as measured in the same run, and the ratio to it if there is no other baseline', () => {
    const row = aRow({ unit: 's', ours: [8], legacy: [104, 83, 108] });
    expect(table([row]).split('\n')[2]).toBe('| requests | 8 s |  | 0.0769 | 104 s (83–108), measured |  |  |');
    expect(table([{ ...row, unit: '', legacy: [42] }])).toContain('| 42, measured |');
    expect(table([{ ...row, unit: '', legacy: [0] }])).toContain('| 8 |  |  | 0, measured |');
    const other = { name: 'others', values: [4] };
    expect(table([{ ...row, baseline: other }]).split('\n')[2]).toBe(
      '| requests | 8 s | others: 4 s | 2 | 104 s (83–108), measured |  |  |',
    );
  });

  test('leaves cells empty that were not measured', () => {
    expect(table([aRow({ ours: [0.12345] })]).split('\n')[2]).toBe('| requests | 0.123 |  |  |  |  |  |');
  });
});
