import { describe, expect, test } from '@jest/globals';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;

/** A workload of one pod with `spec` merged into its spec. */
function aWorkload(kind: 'ReplicaSet' | 'StatefulSet', name: string, spec: object): object {
  const metadata = { labels: { app: name } };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: 'default', ...metadata },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: { metadata, spec: { containers: [{ name, image: 'x' }], terminationGracePeriodSeconds: 30, ...spec } },
    },
  };
}

const ON_NODE_1 = { nodeSelector: { 'kubernetes.io/hostname': 'node-1' } };
const TOLERATES_ALL = { tolerations: [{ operator: 'Exists' }], ...ON_NODE_1 };
const evictionsOf = (fleet: Fleet, app: string): number =>
  fleet.cluster.evictions.filter(({ name, status }) => name.startsWith(`${app}-`) && status === 201).length;

describe('a pod that its controller recreates on the cordoned node', () => {
  test.each([
    { name: 'of a ReplicaSet that tolerates everything', kind: 'ReplicaSet', spec: TOLERATES_ALL },
    { name: 'of a ReplicaSet whose template sets nodeName', kind: 'ReplicaSet', spec: { nodeName: 'node-1' } },
    { name: 'of a StatefulSet that tolerates everything', kind: 'StatefulSet', spec: TOLERATES_ALL },
    { name: 'of a StatefulSet whose template sets nodeName', kind: 'StatefulSet', spec: { nodeName: 'node-1' } },
  ] as const)('$name is evicted once and then left, by name', async ({ kind, spec }) => {
    const fleet = aFleet({ nodes: 2, webReplicas: 0 });
    fleet.cluster.apply([aWorkload(kind, 'sticky', spec)]);
    expect(await fleet.rollOut(30 * MINUTE)).toBe(true);
    expect(evictionsOf(fleet, 'sticky')).toBe(1);
    expect(fleet.names.map((name) => fleet.shadow(name)?.status?.crash_count)).toEqual([0, 0]);
    const messages = fleet.log.entries.flatMap(({ message, fields }) => (message === 'Draining node' ? [String(fields['detail'])] : []));
    expect(
      messages.filter((text) => text.includes(`left on the node, because they came back despite the cordon: default/sticky-`)),
    ).toHaveLength(1);
  });
});
