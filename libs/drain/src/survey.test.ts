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
});
