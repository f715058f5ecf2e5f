import type { KubePod, WithConditions } from '@brupop/kube-objects';
import { describe, expect, test } from '@jest/globals';
import { decideHealth } from './decide-health.ts';

const ready = (status: string): WithConditions => ({
  status: { conditions: [{ type: 'Ready', status, reason: 'KubeletDown', message: 'no status' }] },
});

function aPod(name: string, { isReady = true, owner = 'DaemonSet', deleted = false, daemonSet = name } = {}): KubePod {
  return {
    metadata: {
      name,
      namespace: 'kube-system',
      uid: name,
      ownerReferences: [{ apiVersion: 'apps/v1', kind: owner, name: daemonSet, uid: daemonSet, controller: true }],
      ...(deleted ? { deletionTimestamp: '2026-01-05T00:00:00Z' } : {}),
    },
    status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
  };
}

describe(decideHealth, () => {
  test.each([
    { name: 'a Ready node with Ready DaemonSet pods is healthy', node: ready('True'), pods: [aPod('cni')], problems: [] },
    { name: 'other pods are ignored', node: ready('True'), pods: [aPod('web', { owner: 'ReplicaSet', isReady: false })], problems: [] },
    { name: 'the pod of the caller is ignored', node: ready('True'), pods: [aPod('agent', { isReady: false })], problems: [] },
    {
      name: 'a node that is not Ready has a reason',
      node: ready('Unknown'),
      pods: [],
      problems: ['Node is not Ready: KubeletDown: no status'],
    },
    {
      name: 'a node without a Ready condition is not Ready',
      node: {},
      pods: [],
      problems: ['Node is not Ready: the Node has no Ready condition'],
    },
    { name: 'a deleted node is not Ready', node: undefined, pods: [], problems: ['Node is not Ready: the Node does not exist'] },
    {
      name: 'a DaemonSet pod that is not Ready is a problem',
      node: ready('True'),
      pods: [aPod('cni', { isReady: false })],
      problems: ['Pod kube-system/cni is not Ready'],
    },
    {
      name: 'a terminating DaemonSet pod is a problem, because its successor does not exist yet',
      node: ready('True'),
      pods: [aPod('cni', { deleted: true })],
      problems: ['Pod kube-system/cni is terminating'],
    },
  ])('$name', ({ node, pods, problems }) => {
    expect(decideHealth(node, pods, 'agent')).toMatchObject({ healthy: problems.length === 0, problems });
  });

  test('names each DaemonSet once, sorted by name, for any names of their pods', () => {
    const pods = [
      aPod('cni-8k2', { isReady: false, daemonSet: 'cni' }),
      aPod('csi-x', { isReady: false, daemonSet: 'csi' }),
      aPod('cni-7zz', { deleted: true, daemonSet: 'cni' }),
      aPod('dns-1', { daemonSet: 'dns' }),
    ];
    expect(decideHealth(ready('False'), pods.toReversed())).toMatchObject({
      node_problem: 'Node is not Ready: KubeletDown: no status',
      daemon_sets: [
        { name: 'kube-system/cni', problem: 'Pod kube-system/cni-8k2 is not Ready' },
        { name: 'kube-system/csi', problem: 'Pod kube-system/csi-x is not Ready' },
      ],
    });
    expect(decideHealth(ready('True'), [aPod('dns')])).toEqual({ healthy: true, problems: [], daemon_sets: [] });
  });
});
