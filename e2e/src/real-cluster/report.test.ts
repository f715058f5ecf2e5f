import { describe, expect, test } from '@jest/globals';
import { Report } from './report.ts';

function aReport(): { readonly report: Report; readonly printed: () => string } {
  let text = '';
  return { report: new Report({ write: (piece) => (text += piece) }), printed: () => text };
}

describe(Report, () => {
  test('ends with the time of each step and the counts', async () => {
    const { report, printed } = aReport();
    await report.step('first', 'it holds', () => Promise.resolve());
    await report.step('second', 'it does not', () => Promise.reject(new Error('because')));
    expect(report.summary()).toBe(1);
    expect(printed()).toContain('because');
    expect(printed().trim().split('\n').slice(-3)).toEqual([
      expect.stringMatching(/^ok {3}first +\d+\.\d s$/),
      expect.stringMatching(/^FAIL second +\d+\.\d s$/),
      '1 passed, 1 failed',
    ]);
  });

  test('a step that could not be tried is a failure of the run', async () => {
    const { report, printed } = aReport();
    await report.step('first', 'it holds', () => Promise.resolve());
    report.notRun('second', 'the time is over');
    expect(report.summary()).toBe(1);
    expect(printed()).toContain('not run: second (the time is over)');
  });

  test('a step that the machine cannot run is reported, and counts neither way', async () => {
    const { report, printed } = aReport();
    await report.step('first', 'it holds', () => Promise.resolve());
    report.leftOut('second', 'there is no Helm');
    expect(report.summary()).toBe(0);
    expect(printed()).toContain('left out: second (there is no Helm)');
    expect(printed()).toContain('1 passed, 0 failed');
  });

  test('all passed is success', async () => {
    const { report } = aReport();
    await report.step('first', 'it holds', () => Promise.resolve());
    expect(report.summary()).toBe(0);
  });
});
