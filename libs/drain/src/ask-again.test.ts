import { describe, expect, test } from '@jest/globals';
import { askAgainMs } from './ask-again.ts';

describe(askAgainMs, () => {
  test.each([
    { name: 'soon in a drain that has just begun', drainMs: 0, expected: 1_000 },
    { name: 'soon if clocks disagree', drainMs: -60_000, expected: 1_000 },
    { name: 'soon for ten seconds', drainMs: 10_000, expected: 1_000 },
    { name: 'later in a drain that has lasted for some time', drainMs: 25_004, expected: 2_500 },
    { name: 'every five seconds in the end', drainMs: 900_000, expected: 5_000 },
  ])('$name', ({ drainMs, expected }) => {
    expect(askAgainMs(drainMs)).toBe(expected);
  });
});
