import {
  APISERVER_COMPONENT,
  COMPONENT_LABEL,
  CONTROLLER_COMPONENT,
  CORDONED_ANNOTATION,
  CORDONED_TAINT,
  DEFAULT_NAMESPACE,
} from '@brupop/crd-models';
import type { PodObject } from '@brupop/simulator';
import { describe, expect, test } from '@jest/globals';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';
import { NEW } from '../fleet/versions.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const isServer = ({ metadata }: PodObject): boolean =>
  metadata.namespace === DEFAULT_NAMESPACE &&
  [APISERVER_COMPONENT, CONTROLLER_COMPONENT].includes(metadata.labels?.[COMPONENT_LABEL] ?? '');

/** Names of the operator's servers that were evicted, once for each eviction. */
const evictedServers = (fleet: Fleet): string[] =>
  fleet.cluster.evictions.filter(({ namespace, status }) => namespace === DEFAULT_NAMESPACE && status === 201).map(({ name }) => name);

/** Records each server that moves to a node that we own. */
function noteReturns(fleet: Fleet): string[] {
  const returns: string[] = [];
  fleet.cluster.store.observe('Pod', ({ before, after }) => {
    const node = after?.spec.nodeName;
    if (after === undefined || node === undefined || before?.spec.nodeName === node || !isServer(after)) return;
    if (fleet.node(node).cordoned) returns.push(`${after.metadata.name} to ${node}`);
  });
  return returns;
}

const marksOf = (fleet: Fleet, name: string): string[] => {
  const { metadata, spec } = fleet.nodeObject(name) ?? {};
  return [
    ...Object.keys(metadata?.annotations ?? {}).filter((key) => key === CORDONED_ANNOTATION),
    ...(spec?.taints ?? []).map(({ key }) => key).filter((key) => key === CORDONED_TAINT),
  ];
};

describe('a cluster in which no node is schedulable', () => {
  test.each([1, 2])('because the power of all %i was cut in the middle of each drain is updated all the same', async (nodes) => {
    const fleet = aFleet({ nodes, webReplicas: 0, policy: { maxConcurrentUpdates: nodes } });
    fleet.cluster.apply([aDeployment('shop')]);
    const cordoned = (): string[] => fleet.names.filter((name) => fleet.node(name).cordoned);
    const cut = (): void => {
      for (const name of cordoned()) fleet.cluster.powerOff(name);
    };
    // The last goes once those before it are stuck.
    for (let lost = 1; lost <= nodes; lost++) expect(await fleet.at(() => cordoned().length === lost, cut, 2 * HOUR)).toBe(true);
    // Long enough for the pods to be deleted, and made anew: the nodes come back empty.
    await fleet.rest(10 * MINUTE);
    expect(fleet.names.flatMap((name) => marksOf(fleet, name))).toHaveLength(2 * nodes);
    for (const name of fleet.names) fleet.cluster.powerOn(name);
    expect(await fleet.rollOut(HOUR)).toBe(true);
    expect(fleet.names.flatMap((name) => marksOf(fleet, name))).toEqual([]);
  });

  test('drains although its servers come back, and evicts none of them again, however long it takes', async () => {
    const fleet = aFleet({ nodes: 1, webReplicas: 0, drainTimeoutMs: HOUR });
    fleet.cluster.apply([aDeployment('shop'), aBudget('shop', 0)]);
    const returns = noteReturns(fleet);
    expect(await fleet.until(() => fleet.node('node-1').cordoned, HOUR)).toBe(true);
    await fleet.rest(10 * MINUTE);
    expect([fleet.boots(), returns.length > 0]).toEqual([0, true]);
    fleet.setBudget('shop', 2);
    expect(await fleet.rollOut(HOUR)).toBe(true);
    const evicted = evictedServers(fleet);
    expect(evicted).toEqual([...new Set(evicted)]);
    // One of each kind: where one comes back, the next would, too.
    expect(evicted.length).toBeLessThanOrEqual(2);
  });
});

describe('a cluster with room', () => {
  test('leaves nothing on a node that an administrator drains until it is empty', async () => {
    const fleet = aFleet({ nodes: 3, node: () => ({ version: NEW }) });
    const isServed = (): boolean => fleet.running(APISERVER_COMPONENT).length === 3;
    expect(await fleet.until(() => isServed() && fleet.hasReported(), HOUR)).toBe(true);
    const returns = noteReturns(fleet);
    fleet.cluster.store.patch('Node', { name: 'node-1' }, { spec: { unschedulable: true } });
    await fleet.rest(1_000);
    for (const pod of fleet.cluster.store.list('Pod'))
      if (pod.spec.nodeName === 'node-1' && isServer(pod))
        fleet.cluster.store.delete('Pod', { namespace: DEFAULT_NAMESPACE, name: pod.metadata.name });
    await fleet.rest(5 * MINUTE);
    expect([returns, isServed()]).toEqual([[], true]);
  });

  test('moves its servers to nodes that are not being drained, zone or not', async () => {
    // As many replicas as zones, and one node in each: the spread over zones asks for the very node that is drained.
    const fleet = aFleet({ nodes: 3 });
    const returns = noteReturns(fleet);
    expect(await fleet.rollOut()).toBe(true);
    expect(evictedServers(fleet).length).toBeGreaterThanOrEqual(3);
    expect(returns).toEqual([]);
    expect(fleet.names.flatMap((name) => marksOf(fleet, name))).toEqual([]);
  });
});

function aBudget(app: string, maxUnavailable: number): object {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: app, namespace: 'default' },
    spec: { maxUnavailable, selector: { matchLabels: { app } } },
  };
}

function aDeployment(app: string): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: app, namespace: 'default' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app } },
      template: { metadata: { labels: { app } }, spec: { containers: [{ name: 'main', image: app }] } },
    },
  };
}
