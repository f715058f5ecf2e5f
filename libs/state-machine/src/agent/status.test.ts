import { describe, expect, test } from '@jest/globals';
import type { ShadowStatus } from '@brupop/crd-models';
import { cleared, nextCrashCount, saysTheSame, withFailedVersion } from './status.ts';

describe('nextCrashCount', () => {
  test.each([
    { name: 'counts', before: 3, next: 4 },
    { name: 'stays within a uint32', before: 2 ** 32 - 1, next: 2 ** 32 - 1 },
    { name: 'survives a count that a user has made absurd', before: Infinity, next: 1 },
    { name: 'survives a negative count', before: -7, next: 1 },
    { name: 'survives a fraction', before: 1.5, next: 2 },
  ])('$name', ({ before, next }) => {
    expect(nextCrashCount(before)).toBe(next);
  });
});

describe('cleared', () => {
  test('copes with a status that has never known a failure', () => {
    const status: ShadowStatus = { current_version: '1.0.0', target_version: '1.0.0', current_state: 'Idle', crash_count: 2 };
    expect(cleared(status)).toMatchObject({ crash_count: 0, failed_versions: [], failure_message: null });
  });
});

describe('withFailedVersion', () => {
  const entry = (version: string, failures = 1): { version: string; failures: number; last_failure_timestamp: string } => ({
    version,
    failures,
    last_failure_timestamp: 'then',
  });

  test('counts failures of the same version and puts it last', () => {
    expect(withFailedVersion([entry('1.0.0'), entry('1.1.0')], '1.0.0', 'now')).toEqual([
      entry('1.1.0'),
      { version: '1.0.0', failures: 2, last_failure_timestamp: 'now' },
    ]);
  });

  test('counts the failures of each version by itself', () => {
    expect(withFailedVersion([entry('1.0.0', 5)], '1.1.0', 'now').map(({ failures }) => failures)).toEqual([5, 1]);
  });

  test('forgets the oldest beyond ten', () => {
    const many = Array.from({ length: 10 }, (_, at) => entry(`1.${String(at)}.0`));
    const next = withFailedVersion(many, '2.0.0', 'now');
    expect(next.map(({ version }) => version)).toEqual([...many.slice(1).map(({ version }) => version), '2.0.0']);
  });
});

describe('saysTheSame', () => {
  const draining = { step: 'Draining', since: 's', boot_id: 'b', version: '1.1.0', message: 'd' } as const;
  const full: ShadowStatus = {
    current_version: '1.0.0',
    target_version: '1.1.0',
    current_state: 'Idle',
    crash_count: 1,
    state_transition_failure_timestamp: 't',
    failure_message: 'm',
    boot_id: 'b',
    progress: draining,
    failed_versions: [{ version: '1.1.0', failures: 1, last_failure_timestamp: 't' }],
  };
  const bare: ShadowStatus = { current_version: '1.0.0', target_version: '1.0.0', current_state: 'Idle', crash_count: 0 };

  test.each<{ name: string; a: ShadowStatus; b: ShadowStatus | null | undefined; same: boolean }>([
    { name: 'is true of equals', a: full, b: structuredClone(full), same: true },
    {
      name: 'takes absent for null',
      a: bare,
      b: { ...bare, progress: null, failure_message: null, state_transition_failure_timestamp: null, failed_versions: [] },
      same: true,
    },
    {
      name: 'takes null for absent',
      a: { ...bare, progress: null, failure_message: null, state_transition_failure_timestamp: null },
      b: bare,
      same: true,
    },
    { name: 'is false without a status', a: bare, b: undefined, same: false },
    { name: 'sees another version', a: full, b: { ...full, current_version: '2.0.0' }, same: false },
    { name: 'sees another target', a: full, b: { ...full, target_version: '2.0.0' }, same: false },
    { name: 'sees another state', a: full, b: { ...full, current_state: 'ErrorReset' }, same: false },
    { name: 'sees another crash count', a: full, b: { ...full, crash_count: 2 }, same: false },
    { name: 'sees another failure time', a: full, b: { ...full, state_transition_failure_timestamp: null }, same: false },
    { name: 'sees another failure', a: full, b: { ...full, failure_message: null }, same: false },
    { name: 'sees another boot', a: full, b: { ...full, boot_id: 'c' }, same: false },
    { name: 'sees the end of progress', a: full, b: { ...full, progress: null }, same: false },
    {
      name: 'sees progress',
      a: bare,
      b: { ...bare, progress: { step: 'Draining', since: 's', boot_id: 'b', version: '1.1.0' } },
      same: false,
    },
    {
      name: 'sees another failed version',
      a: full,
      b: { ...full, failed_versions: [{ version: '1.2.0', failures: 1, last_failure_timestamp: 't' }] },
      same: false,
    },
    {
      name: 'sees another count of failures',
      a: full,
      b: { ...full, failed_versions: [{ version: '1.1.0', failures: 2, last_failure_timestamp: 't' }] },
      same: false,
    },
    {
      name: 'sees another time of failure',
      a: full,
      b: { ...full, failed_versions: [{ version: '1.1.0', failures: 1, last_failure_timestamp: 'u' }] },
      same: false,
    },
    { name: 'sees fewer failed versions', a: full, b: { ...full, failed_versions: [] }, same: false },
    { name: 'sees more failed versions', a: { ...full, failed_versions: [] }, b: full, same: false },
    {
      name: 'takes an absent reason for null, in progress',
      a: full,
      b: { ...full, progress: { ...draining, reason: null } },
      same: true,
    },
    ...Object.entries({ step: 'Rebooting', since: 't', boot_id: 'c', version: '1.2.0', message: 'e', reason: 'r' }).map(
      ([field, value]) => ({
        name: `sees another ${field} of progress`,
        a: full,
        b: { ...full, progress: { ...draining, [field]: value } },
        same: false,
      }),
    ),
  ])('$name', ({ a, b, same }) => {
    expect(saysTheSame(a, b)).toBe(same);
  });
});
