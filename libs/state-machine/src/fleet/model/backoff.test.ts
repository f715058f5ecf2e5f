import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { crashBackoffMs, backoffOf } from './backoff.ts';
import { ago, MINUTE, NOW } from './fleet.fixture.ts';

describe(crashBackoffMs, () => {
  test.each([
    { name: 'nothing without a failure', failures: 0, minutes: 0 },
    { name: 'two minutes after the first', failures: 1, minutes: 2 },
    { name: 'doubles', failures: 10, minutes: 1024 },
    { name: 'at most a day', failures: 11, minutes: 1440 },
    { name: 'at most a day where 2^n overflows 64 bits', failures: 63, minutes: 1440 },
    { name: 'at most a day for the largest count', failures: 4_294_967_295, minutes: 1440 },
    { name: 'nothing for a count that is not a number', failures: Number.NaN, minutes: 0 },
  ])('$name', ({ failures, minutes }) => {
    expect(crashBackoffMs(failures)).toBe(minutes * MINUTE);
  });

  test('is never negative, never above a day, and never shrinks with another failure', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (failures) => {
        const ms = crashBackoffMs(failures);
        expect(ms >= 0 && ms <= 1440 * MINUTE && crashBackoffMs(failures + 1) >= ms).toBe(true);
      }),
    );
  });
});

describe(backoffOf, () => {
  const failed = (failures: number, minutes: number) => ({ version: '1.1.0', failures, last_failure_timestamp: ago(minutes) });
  const status = (changes: object) => ({
    current_version: '1.0.0',
    target_version: '1.1.0',
    current_state: 'Idle' as const,
    crash_count: 0,
    ...changes,
  });

  test.each<{ name: string; changes: object; endedAt?: string; expected: object | undefined }>([
    { name: 'none without a failure', changes: {}, expected: undefined },
    {
      name: 'of the later of crash count and version: the version',
      changes: { crash_count: 1, state_transition_failure_timestamp: ago(1), failed_versions: [failed(3, 1)] },
      expected: { cause: 'version', failures: 3, until: NOW + 7 * MINUTE },
    },
    {
      name: 'of the later of crash count and version: the crash count',
      changes: { crash_count: 4, state_transition_failure_timestamp: ago(1), failed_versions: [failed(3, 1)] },
      expected: { cause: 'crashes', failures: 4, until: NOW + 15 * MINUTE },
    },
    { name: 'none once it has passed', changes: { crash_count: 1, state_transition_failure_timestamp: ago(2) }, expected: undefined },
    {
      name: 'none for a time out of reach',
      changes: { crash_count: 1, state_transition_failure_timestamp: '9999-01-01T00:00:00Z' },
      expected: undefined,
    },
    {
      name: 'of a clock that is a little ahead',
      changes: { crash_count: 1, state_transition_failure_timestamp: ago(-1) },
      expected: { cause: 'crashes', failures: 1, until: NOW + 3 * MINUTE },
    },
    {
      name: "from the end of the attempt when the node's clock is hours behind",
      changes: { crash_count: 3, state_transition_failure_timestamp: ago(300) },
      endedAt: ago(1),
      expected: { cause: 'crashes', failures: 3, until: NOW + 7 * MINUTE },
    },
    {
      name: "from the end of the attempt when the node's clock is hours ahead",
      changes: { failed_versions: [failed(3, -300)] },
      endedAt: ago(1),
      expected: { cause: 'version', failures: 3, until: NOW + 7 * MINUTE },
    },
    { name: 'none without a failure, though an update has just ended', changes: {}, endedAt: ago(0), expected: undefined },
  ])('$name', ({ changes, endedAt, expected }) => {
    expect(backoffOf(status(changes), endedAt, NOW)).toEqual(expected);
  });
});
