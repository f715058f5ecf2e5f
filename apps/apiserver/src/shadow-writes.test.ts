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
    { name: 'sends what an old agent sent and nothing else', sent: status, expected: status },
    {
      name: 'removes the message and the reason of the step before',
      sent: { ...status, progress },
      expected: { ...status, progress: { ...progress, message: null, reason: null } },
    },
    {
      name: 'keeps the message and the reason that were sent',
      sent: { ...status, progress: { ...progress, message: 'x', reason: 'y' } },
      expected: { ...status, progress: { ...progress, message: 'x', reason: 'y' } },
    },
    { name: 'removes a progress that is over', sent: { ...status, progress: null }, expected: { ...status, progress: null } },
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
  test.each([
    { name: 'an update that an old agent has brought to its reboot', shadow: aShadow('RebootedIntoUpdate'), expected: true },
    { name: 'a failure that an old agent reported', shadow: aShadow('Idle', { current_state: 'ErrorReset' }), expected: true },
    { name: 'not an idle node', shadow: aShadow('Idle'), expected: false },
    { name: 'not a node that is merely staged', shadow: aShadow('StagedAndPerformedUpdate'), expected: false },
    { name: 'not an update of our own agent', shadow: aShadow('RebootedIntoUpdate', { boot_id: 'b' }), expected: false },
    { name: 'not a shadow without status', shadow: newShadow(node, 'brupop'), expected: false },
    { name: 'not a missing shadow', shadow: undefined, expected: false },
  ])('$name', ({ shadow, expected }) => {
    expect(isLegacyUpdate(shadow)).toBe(expected);
  });
});
