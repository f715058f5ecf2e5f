import { describe, expect, test } from '@jest/globals';
import type { BottlerocketShadow, ShadowState, ShadowStatus } from '@brupop/crd-models';
import { newShadow } from '../shadow-writes.ts';
import { isLegacyUpdate } from './legacy-update.ts';

const node = { name: 'node-1', uid: 'uid-1' };
const status: ShadowStatus = { current_version: '1.0.0', target_version: '1.1.0', current_state: 'Idle', crash_count: 0 };

describe(isLegacyUpdate, () => {
  const aShadow = (state: ShadowState, extra: Partial<ShadowStatus> = {}): BottlerocketShadow => ({
    ...newShadow(node, 'brupop'),
    spec: { state, version: '1.1.0' },
    status: { ...status, ...extra },
  });
  const updatedAt = (shadow: BottlerocketShadow, at: string): BottlerocketShadow => ({
    ...shadow,
    spec: { ...shadow.spec, state_transition_timestamp: at },
  });
  test.each([
    { name: 'an update that an agent of Brupop 1.x brought to its reboot', shadow: aShadow('RebootedIntoUpdate'), expected: true },
    { name: 'a failure that an agent of Brupop 1.x reported', shadow: aShadow('Idle', { current_state: 'ErrorReset' }), expected: true },
    { name: 'not an idle node', shadow: aShadow('Idle'), expected: false },
    { name: 'not a node with a staged update', shadow: aShadow('StagedAndPerformedUpdate'), expected: false },
    { name: 'not an update by our agent', shadow: aShadow('RebootedIntoUpdate', { boot_id: 'b' }), expected: false },
    {
      name: 'an update by Brupop 1.x on a node where our agent ran before',
      shadow: updatedAt(aShadow('RebootedIntoUpdate', { boot_id: 'b' }), '2026-01-05T00:00:00.123456789+00:00'),
      expected: true,
    },
    {
      name: 'not such an update after our agent has taken it over',
      shadow: updatedAt(
        aShadow('RebootedIntoUpdate', {
          boot_id: 'b',
          progress: { step: 'Draining', since: '2026-01-05T00:00:00Z', boot_id: 'b', version: '1.1.0' },
        }),
        '2026-01-05T00:00:00.123456789+00:00',
      ),
      expected: false,
    },
    { name: 'not a shadow without status', shadow: newShadow(node, 'brupop'), expected: false },
    { name: 'not a missing shadow', shadow: undefined, expected: false },
  ])('$name', ({ shadow, expected }) => {
    expect(isLegacyUpdate(shadow)).toBe(expected);
  });
});
