import { describe, expect, test } from '@jest/globals';
import type { DrainPod } from './pod.ts';
import { surveyPods } from './survey.ts';

const context = {
  nodeName: 'node-1',
  ours: { namespace: 'brupop', labels: { component: 'agent' } },
  last: { namespace: 'brupop', labels: { component: 'apiserver' } },
  lastUids: ['server'],
};
const TOLERANT = { tolerations: [{ operator: 'Exists' }] };

const aPod = (uid: string, spec: DrainPod['spec'] = {}, metadata: Partial<DrainPod['metadata']> = {}): DrainPod => ({
  metadata: { name: uid, namespace: 'shop', uid, ...metadata },
  spec: { nodeName: 'node-1', ...spec },
  status: { phase: 'Running' },
});

describe(surveyPods, () => {
  test('records the pods to be evicted that ignore cordons, but not those that are evicted last', () => {
    const pods = [
      aPod('plain'),
      aPod('tolerant', TOLERANT),
      aPod('going', TOLERANT, { deletionTimestamp: '2026-01-05T00:00:00Z' }),
      aPod('daemon', TOLERANT, { ownerReferences: [{ kind: 'DaemonSet', name: 'cni', controller: true }] }),
      aPod('agent', TOLERANT, { namespace: 'brupop', labels: { component: 'agent' } }),
      aPod('server', TOLERANT, { namespace: 'brupop', labels: { component: 'apiserver' } }),
    ];
    expect(surveyPods(pods, context).presentUids).toEqual(['tolerant', 'going']);
  });

  test.each([
    { name: 'a claim', spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-0' } }] }, expected: true },
    { name: 'an ephemeral volume', spec: { volumes: [{ name: 'scratch', ephemeral: {} }] }, expected: true },
    { name: 'other volumes', spec: { volumes: [{ name: 'tmp', emptyDir: {} }] }, expected: false },
    { name: 'no volumes', spec: {}, expected: false },
  ])('detects whether a pod to be evicted uses $name: $expected', ({ spec, expected }) => {
    expect(surveyPods([aPod('db', spec)], context).usesVolumes).toBe(expected);
  });

  test('ignores the volumes of pods that stay', () => {
    const spec = { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-0' } }] };
    const daemon = aPod('daemon', spec, { ownerReferences: [{ kind: 'DaemonSet', name: 'cni', controller: true }] });
    expect(surveyPods([daemon], context).usesVolumes).toBe(false);
  });

  test('finds the pods that no controller recreates', () => {
    const owned = { ownerReferences: [{ kind: 'ReplicaSet', name: 'web', controller: true }] };
    const pods = [aPod('bare'), aPod('owned', {}, owned), aPod('going', {}, { deletionTimestamp: '2026-01-05T00:00:00Z' })];
    expect(surveyPods(pods, context).bare.map(({ metadata }) => metadata.name)).toEqual(['bare']);
  });
});
