import { describe, expect, test } from '@jest/globals';
import { classifyPod, type PodVerdict } from './classify.ts';
import type { DrainPod } from './pod.ts';

const context = {
  nodeName: 'node-1',
  ours: { namespace: 'brupop', labels: { component: 'agent' } },
  last: { namespace: 'brupop', labels: { component: ['apiserver', 'controller'] } },
  lastUids: ['u-1'],
};
const daemonSet = [{ kind: 'DaemonSet', name: 'cni', controller: true }];
const deleted = '2026-01-05T00:00:00Z';

function aPod(metadata: Partial<DrainPod['metadata']> = {}, phase = 'Running', nodeName = 'node-1'): DrainPod {
  return { metadata: { name: 'web-0', namespace: 'shop', uid: 'u-1', ...metadata }, spec: { nodeName }, status: { phase } };
}

const evict: PodVerdict = { action: 'evict', reason: 'running' };
const wait: PodVerdict = { action: 'wait', reason: 'terminating' };

describe(classifyPod, () => {
  test.each<{ name: string; pod: DrainPod; expected: PodVerdict }>([
    { name: 'evicts a running pod', pod: aPod(), expected: evict },
    { name: 'evicts a pending pod, which has volumes and may start', pod: aPod({}, 'Pending'), expected: evict },
    { name: 'evicts a pod whose phase is unknown', pod: aPod({}, 'Unknown'), expected: evict },
    { name: 'evicts a pod that no controller owns', pod: aPod({ ownerReferences: [] }), expected: evict },
    {
      name: 'evicts a pod that a DaemonSet owns but does not control',
      pod: aPod({ ownerReferences: [{ kind: 'DaemonSet', name: 'cni' }] }),
      expected: evict,
    },
    { name: 'waits for a terminating pod', pod: aPod({ deletionTimestamp: deleted }), expected: wait },
    { name: 'leaves a pod of another node', pod: aPod({}, 'Running', 'node-2'), expected: { action: 'skip', reason: 'elsewhere' } },
    {
      name: 'leaves a mirror pod',
      pod: aPod({ annotations: { 'kubernetes.io/config.mirror': 'x' } }),
      expected: { action: 'skip', reason: 'mirror' },
    },
    { name: 'leaves a DaemonSet pod', pod: aPod({ ownerReferences: daemonSet }), expected: { action: 'skip', reason: 'daemonSet' } },
    {
      name: 'leaves a failed DaemonSet pod as a DaemonSet pod',
      pod: aPod({ ownerReferences: daemonSet }, 'Failed'),
      expected: { action: 'skip', reason: 'daemonSet' },
    },
    {
      name: 'leaves a failed mirror pod as a mirror pod',
      pod: aPod({ annotations: { 'kubernetes.io/config.mirror': 'x' } }, 'Failed'),
      expected: { action: 'skip', reason: 'mirror' },
    },
    {
      name: 'does not wait for a terminating DaemonSet pod',
      pod: aPod({ ownerReferences: daemonSet, deletionTimestamp: deleted }),
      expected: { action: 'skip', reason: 'daemonSet' },
    },
    {
      name: 'leaves our agent even if nothing controls it',
      pod: aPod({ namespace: 'brupop', labels: { component: 'agent' } }),
      expected: { action: 'skip', reason: 'ours' },
    },
    { name: 'evicts a pod that merely has the labels of our agent', pod: aPod({ labels: { component: 'agent' } }), expected: evict },
    {
      name: 'leaves a pod that came back because it has nowhere else to go',
      pod: aPod({ namespace: 'brupop', labels: { component: 'controller' }, uid: 'u-2' }),
      expected: { action: 'skip', reason: 'cameBack' },
    },
    {
      name: 'does not wait for one that came back and terminates',
      pod: aPod({ namespace: 'brupop', labels: { component: 'controller' }, uid: 'u-2', deletionTimestamp: deleted }),
      expected: { action: 'skip', reason: 'cameBack' },
    },
    {
      name: 'evicts a pod that came meanwhile, if it is not one of those that may run on cordoned nodes',
      pod: aPod({ namespace: 'brupop', labels: { component: 'else' }, uid: 'u-2' }),
      expected: evict,
    },
    {
      name: 'evicts another pod of our namespace',
      pod: aPod({ namespace: 'brupop', labels: { component: 'apiserver' } }),
      expected: evict,
    },
    { name: 'leaves a failed pod', pod: aPod({}, 'Failed'), expected: { action: 'skip', reason: 'finished' } },
    { name: 'leaves a succeeded pod', pod: aPod({}, 'Succeeded'), expected: { action: 'skip', reason: 'finished' } },
    {
      name: 'does not wait for a finished pod that a finalizer keeps',
      pod: aPod({ deletionTimestamp: deleted }, 'Succeeded'),
      expected: { action: 'skip', reason: 'finished' },
    },
  ])('$name', ({ pod, expected }) => {
    expect(classifyPod(pod, context)).toEqual(expected);
  });

  describe('a pod that ignores cordons', () => {
    const tolerant = (uid: string, metadata: Partial<DrainPod['metadata']> = {}): DrainPod => {
      const pod = aPod({ uid, ...metadata });
      return { ...pod, spec: { ...pod.spec, tolerations: [{ operator: 'Exists' }] } };
    };
    const known = { ...context, presentUids: ['u-1'] };
    test.each<{ name: string; pod: DrainPod; expected: PodVerdict }>([
      { name: 'is evicted if it was there before the cordon', pod: tolerant('u-1'), expected: evict },
      { name: 'is left if it has come since', pod: tolerant('u-2'), expected: { action: 'skip', reason: 'cameBack' } },
      {
        name: 'is not waited for if it has come since',
        pod: tolerant('u-2', { deletionTimestamp: deleted }),
        expected: { action: 'skip', reason: 'cameBack' },
      },
      {
        name: 'is evicted last if it is one of the servers, which have a record of their own',
        pod: tolerant('u-1', { namespace: 'brupop', labels: { component: 'apiserver' } }),
        expected: evict,
      },
    ])('$name', ({ pod, expected }) => {
      expect(classifyPod(pod, known)).toEqual(expected);
    });

    test('is evicted if the cordon has no record of it', () => {
      expect(classifyPod(tolerant('u-2'), context)).toEqual(evict);
    });

    test('bound by a scheduler, a pod is evicted whenever it appears', () => {
      expect(classifyPod(aPod({ uid: 'u-2' }), known)).toEqual(evict);
    });
  });

  test('evicts a pod if it is unknown whether it came back', () => {
    const pod = aPod({ namespace: 'brupop', labels: { component: 'controller' } });
    expect(classifyPod(pod, { ...context, lastUids: undefined })).toEqual(evict);
  });
});
