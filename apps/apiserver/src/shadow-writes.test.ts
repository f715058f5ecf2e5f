import { describe, expect, test } from '@jest/globals';
import type { BottlerocketShadow, ShadowState, ShadowStatus } from '@brupop/crd-models';
import { isLegacyUpdate, newShadow, planOwners, statusPatch } from './shadow-writes.ts';

const node = { name: 'node-1', uid: 'uid-1' };
const status: ShadowStatus = { current_version: '1.0.0', target_version: '1.1.0', current_state: 'Idle', crash_count: 0 };

describe(planOwners, () => {
  const owned = (...owners: BottlerocketShadow['metadata']['ownerReferences'] & object): BottlerocketShadow => ({
    ...newShadow(node, 'brupop'),
    metadata: { name: 'brs-node-1', ownerReferences: owners },
  });
  const nodeOwner = (uid: string): { apiVersion: string; kind: string; name: string; uid: string } => ({
    apiVersion: 'v1',
    kind: 'Node',
    name: 'node-1',
    uid,
  });
  const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'y' };
  test.each([
    { name: 'leaves the right owner', shadow: owned(nodeOwner('uid-1')), expected: undefined },
    {
      name: 'replaces an earlier node of the name, and keeps others',
      shadow: owned(other, nodeOwner('uid-0')),
      expected: [other, nodeOwner('uid-1')],
    },
    { name: 'adds a missing owner', shadow: owned(), expected: [nodeOwner('uid-1')] },
  ])('$name', ({ shadow, expected }) => {
    expect(planOwners(shadow, node)).toEqual(expected);
  });
});

describe(statusPatch, () => {
  const progress = { step: 'Draining', since: '2026-01-05T00:00:00Z', boot_id: 'b', version: '1.1.0' } as const;
  test.each([
    {
      name: 'sends what an old agent sent, and forgets what one of ours told of its boot and its step before',
      sent: status,
      expected: { ...status, boot_id: null, progress: null, update_check: null },
    },
    {
      name: 'sends what an agent of ours sent, and forgets what another told of its checks for updates',
      sent: { ...status, boot_id: 'b' },
      expected: { ...status, update_check: null, boot_id: 'b' },
    },
    {
      name: 'removes the message and the reason of the step before',
      sent: { ...status, boot_id: 'b', progress },
      expected: { ...status, update_check: null, boot_id: 'b', progress: { ...progress, message: null, reason: null } },
    },
    {
      name: 'keeps the message and the reason that were sent',
      sent: { ...status, boot_id: 'b', progress: { ...progress, message: 'x', reason: 'y' } },
      expected: { ...status, update_check: null, boot_id: 'b', progress: { ...progress, message: 'x', reason: 'y' } },
    },
    {
      name: 'removes a progress that is over',
      sent: { ...status, boot_id: 'b', progress: null },
      expected: { ...status, update_check: null, boot_id: 'b', progress: null },
    },
    {
      name: 'replaces what was told of checks for updates as a whole',
      sent: { ...status, boot_id: 'b', update_check: { result: 'NothingNewer' } },
      expected: {
        ...status,
        boot_id: 'b',
        update_check: {
          result: 'NothingNewer',
          checked_at: null,
          since: null,
          reason: null,
          message: null,
          interval_seconds: null,
          newest_listed: null,
        },
      },
    },
  ])('$name', ({ sent, expected }) => {
    expect(statusPatch(sent)).toEqual({ status: expected });
  });
});

describe(isLegacyUpdate, () => {
  const aShadow = (state: ShadowState, extra: Partial<ShadowStatus> = {}): BottlerocketShadow => ({
    ...newShadow(node, 'brupop'),
    spec: { state, version: '1.1.0' },
    status: { ...status, ...extra },
  });
  const told = (shadow: BottlerocketShadow, at: string): BottlerocketShadow => ({
    ...shadow,
    spec: { ...shadow.spec, state_transition_timestamp: at },
  });
  test.each([
    { name: 'an update that an old agent has brought to its reboot', shadow: aShadow('RebootedIntoUpdate'), expected: true },
    { name: 'a failure that an old agent reported', shadow: aShadow('Idle', { current_state: 'ErrorReset' }), expected: true },
    { name: 'not an idle node', shadow: aShadow('Idle'), expected: false },
    { name: 'not a node that is merely staged', shadow: aShadow('StagedAndPerformedUpdate'), expected: false },
    { name: 'not an update of our own agent', shadow: aShadow('RebootedIntoUpdate', { boot_id: 'b' }), expected: false },
    {
      name: 'an update of Brupop 1.x on a node on which an agent of ours has been before',
      shadow: told(aShadow('RebootedIntoUpdate', { boot_id: 'b' }), '2026-01-05T00:00:00.123456789+00:00'),
      expected: true,
    },
    {
      name: 'not such an update once our own agent has taken it up',
      shadow: told(
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
