import { describe, expect, test } from '@jest/globals';
import { isDrivenByLegacy } from './driven-by-legacy.ts';
import type { ShadowState, ShadowStatus } from '@brupop/crd-models';

// As chrono formats them in Brupop 1.x, and as we do.
const LEGACY = '2026-01-05T00:00:00.123456789+00:00';
const OURS = '2026-01-05T00:00:00.123Z';

describe(isDrivenByLegacy, () => {
  const aShadow = (
    state: ShadowState,
    desiredSince: string | null,
    status: Partial<ShadowStatus> = {},
  ): Parameters<typeof isDrivenByLegacy>[0] => ({
    spec: { state, state_transition_timestamp: desiredSince },
    status: {
      current_version: '1.0.0',
      target_version: '1.1.0',
      current_state: 'StagedAndPerformedUpdate',
      crash_count: 0,
      boot_id: 'b',
      ...status,
    },
  });
  const failed = (at: string): Partial<ShadowStatus> => ({ current_state: 'ErrorReset', state_transition_failure_timestamp: at });
  const withoutBootId = aShadow('Idle', OURS);
  delete (withoutBootId.status as { boot_id?: string }).boot_id;
  test.each([
    { name: 'no agent of ours has ever reported', shadow: withoutBootId, expected: true },
    { name: 'the legacy controller set the desired state', shadow: aShadow('RebootedIntoUpdate', LEGACY), expected: true },
    { name: 'our controller set the desired state', shadow: aShadow('RebootedIntoUpdate', OURS), expected: false },
    { name: 'the legacy agent failed, and our controller acknowledged it', shadow: aShadow('Idle', OURS, failed(LEGACY)), expected: true },
    { name: 'our agent failed, and the legacy controller acknowledged it', shadow: aShadow('Idle', LEGACY, failed(OURS)), expected: false },
    { name: 'the legacy agent failed before our update', shadow: aShadow('RebootedIntoUpdate', OURS, { state_transition_failure_timestamp: LEGACY }), expected: false },
    { name: 'our agent is idle', shadow: aShadow('Idle', LEGACY, { current_state: 'Idle' }), expected: false },
    { name: 'there is no timestamp', shadow: aShadow('RebootedIntoUpdate', null), expected: false },
    { name: 'there is no status', shadow: { spec: { state: 'RebootedIntoUpdate', state_transition_timestamp: LEGACY } as const, status: null }, expected: false },
  ])('$name: $expected', ({ shadow, expected }) => {
    expect(isDrivenByLegacy(shadow)).toBe(expected);
  }); // prettier-ignore
});
