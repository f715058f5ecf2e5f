import { describe, expect, test } from '@jest/globals';
import { boundStatus } from './bound-shadow.ts';
import type { ShadowStatus } from './shadow.ts';
import { parseShadowStatus } from './validate.ts';

const STATUS: ShadowStatus = { current_version: '1.0.0', target_version: '1.1.0', current_state: 'Idle', crash_count: 0 };

describe(boundStatus, () => {
  test('a status within the limits is returned as it is', () => {
    const status = { ...STATUS, progress: null, failed_versions: [], added_later: { kept: true } };
    expect(boundStatus(status)).toBe(status);
  });

  test('a status stored before there were limits is shortened, and loses a version that is too long', () => {
    const huge = 'a'.repeat(240_000);
    const status: ShadowStatus = {
      ...STATUS,
      target_version: `1.0.0-${huge}`,
      boot_id: huge,
      failure_message: huge,
      progress: { step: 'Draining', since: huge, boot_id: huge, version: huge, message: huge, reason: huge },
      failed_versions: Array.from({ length: 900 }, (_, at) => ({
        version: `1.0.${String(at)}`,
        failures: 1,
        last_failure_timestamp: '2026-01-01T00:00:00Z',
      })),
      conditions: Array.from({ length: 900 }, () => ({
        type: huge,
        status: 'True',
        reason: huge,
        message: huge,
        lastTransitionTime: huge,
      })),
    };
    const bound = boundStatus(status);
    expect(JSON.stringify(bound).length).toBeLessThan(80_000);
    expect(parseShadowStatus({ ...STATUS, target_version: bound.target_version })).toMatchObject({ ok: false });
    expect(bound.failed_versions?.at(-1)?.version).toBe('1.0.899');
  });

  test('a status of an invalid shape is returned as it is, without an error', () => {
    const status = { current_version: 7, failed_versions: 'x', progress: [null], conditions: { a: 1 } } as unknown as ShadowStatus;
    expect(boundStatus(status)).toEqual(status);
  });
});
