import { describe, expect, test } from '@jest/globals';
import type { BottlerocketShadow, ShadowStatus } from '@brupop/crd-models';
import { newShadow, planOwners, statusPatch } from './shadow-writes.ts';

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
    { name: 'leaves the correct owner', shadow: owned(nodeOwner('uid-1')), expected: undefined },
    {
      name: 'replaces an earlier node of the same name, and keeps other owners',
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
      name: 'merges the status of an agent of Brupop 1.x, and removes what only our agents report',
      sent: status,
      expected: { ...status, boot_id: null, progress: null, update_check: null },
    },
    {
      name: 'merges the status of our agent, and removes the update checks that an agent of another version reported',
      sent: { ...status, boot_id: 'b' },
      expected: { ...status, update_check: null, boot_id: 'b' },
    },
    {
      name: 'removes the message and the reason of the previous step',
      sent: { ...status, boot_id: 'b', progress },
      expected: { ...status, update_check: null, boot_id: 'b', progress: { ...progress, message: null, reason: null } },
    },
    {
      name: 'keeps the message and the reason that were sent',
      sent: { ...status, boot_id: 'b', progress: { ...progress, message: 'x', reason: 'y' } },
      expected: { ...status, update_check: null, boot_id: 'b', progress: { ...progress, message: 'x', reason: 'y' } },
    },
    {
      name: 'removes a completed progress',
      sent: { ...status, boot_id: 'b', progress: null },
      expected: { ...status, update_check: null, boot_id: 'b', progress: null },
    },
    {
      name: 'replaces the reported update checks as a whole',
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
