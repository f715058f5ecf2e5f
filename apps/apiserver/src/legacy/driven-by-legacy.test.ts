import { describe, expect, test } from '@jest/globals';
import { isDrivenByLegacy } from './driven-by-legacy.ts';
import type { ShadowState, ShadowStatus } from '@brupop/crd-models';

// As chrono writes them, and as we do.
const THEIRS = '2026-01-05T00:00:00.123456789+00:00';
const OURS = '2026-01-05T00:00:00.123Z';

describe(isDrivenByLegacy, () => {
  const aShadow = (
    state: ShadowState,
    told: string | null,
    status: Partial<ShadowStatus> = {},
  ): Parameters<typeof isDrivenByLegacy>[0] => ({
    spec: { state, state_transition_timestamp: told },
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
    { name: 'its controller has told the step', shadow: aShadow('RebootedIntoUpdate', THEIRS), expected: true },
    { name: 'our controller has told the step', shadow: aShadow('RebootedIntoUpdate', OURS), expected: false },
    { name: 'its agent has failed, and our controller has taken that up', shadow: aShadow('Idle', OURS, failed(THEIRS)), expected: true },
    { name: 'our agent has failed, and its controller has taken that up', shadow: aShadow('Idle', THEIRS, failed(OURS)), expected: false },
    { name: 'its agent had failed before an update of ours', shadow: aShadow('RebootedIntoUpdate', OURS, { state_transition_failure_timestamp: THEIRS }), expected: false },
    { name: 'nothing is asked of our agent', shadow: aShadow('Idle', THEIRS, { current_state: 'Idle' }), expected: false },
    { name: 'nobody tells any time', shadow: aShadow('RebootedIntoUpdate', null), expected: false },
    { name: 'nobody has reported', shadow: { spec: { state: 'RebootedIntoUpdate', state_transition_timestamp: THEIRS } as const, status: null }, expected: false },
  ])('$name: $expected', ({ shadow, expected }) => {
    expect(isDrivenByLegacy(shadow)).toBe(expected);
  }); // prettier-ignore
});
