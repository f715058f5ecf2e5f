import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatTimestamp } from '@brupop/kube-objects';
import { parseTimestamp } from './timestamps.ts';

const NOW = Date.UTC(2026, 0, 5, 12);

describe(parseTimestamp, () => {
  test.each([
    { name: 'UTC', text: '2026-01-05T11:00:00Z', expected: NOW - 3_600_000 },
    { name: 'an offset', text: '2026-01-05T12:00:00.5+01:00', expected: NOW - 3_599_500 },
    { name: 'nanoseconds of Brupop 1.x', text: '2026-01-05T11:00:00.123456789Z', expected: NOW - 3_599_877 },
    { name: 'a clock that is a little ahead', text: '2026-01-05T12:59:00Z', expected: NOW + 59 * 60_000 },
    { name: 'the far future', text: '2026-01-06T12:00:00Z', expected: undefined },
    { name: 'no real date', text: '2026-13-45T11:00:00Z', expected: undefined },
    { name: 'what only JavaScript accepts as a date', text: '1', expected: undefined },
    { name: 'nothing', text: null, expected: undefined },
    { name: 'not even null', text: undefined, expected: undefined },
  ])('reads $name', ({ text, expected }) => {
    expect(parseTimestamp(text, NOW)).toBe(expected);
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.anything(), (text) => {
        const parsed = parseTimestamp(text as string, NOW);
        expect(parsed === undefined || Number.isFinite(parsed)).toBe(true);
      }),
    );
  });

  test('reads what formatTimestamp writes', () => {
    expect(parseTimestamp(formatTimestamp(NOW), NOW)).toBe(NOW);
  });
});
