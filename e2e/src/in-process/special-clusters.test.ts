import { APISERVER_COMPONENT, COMPONENT_LABEL, CONTROLLER_COMPONENT, DEFAULT_NAMESPACE } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { aFleet } from './a-fleet.ts';
import { NEW, OLD } from '../fleet/versions.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const boots = (fleet: Fleet): Record<string, number> =>
  Object.fromEntries(
    fleet.names.map((name) => [
      name,
      fleet.cluster.events.filter(({ type, subject }) => type === 'host-booted' && subject === name).length,
    ]),
  );
const aDeployment = (app: string, replicas: number): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: app, namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app } },
    template: { metadata: { labels: { app } }, spec: { containers: [{ name: 'main', image: app }] } },
  },
});
const each = (fleet: Fleet, count: number): Record<string, number> => Object.fromEntries(fleet.names.map((name) => [name, count]));

describe('a cluster of one node', () => {
  test('drains itself, including the operator, and returns with all that it ran', async () => {
    // No budget can be met where evicted pods have no other node; the workload here has none.
    const fleet = aFleet({ nodes: 1, webReplicas: 0 });
    fleet.cluster.apply([aDeployment('shop', 3)]);
    const ready = (namespace: string, labels: Readonly<Record<string, string>>): number =>
      fleet.cluster
        .pods(namespace, labels)
        .filter(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true).length;
    const whole = (): boolean =>
      ready('default', { app: 'shop' }) === 3 &&
      ready(DEFAULT_NAMESPACE, { [COMPONENT_LABEL]: APISERVER_COMPONENT }) === 3 &&
      ready(DEFAULT_NAMESPACE, { [COMPONENT_LABEL]: CONTROLLER_COMPONENT }) === 1;
    expect(await fleet.until(whole, HOUR)).toBe(true);
    expect(await fleet.rollOut(3 * HOUR)).toBe(true);
    expect(boots(fleet)).toEqual({ 'node-1': 1 });
    expect(fleet.cluster.drainStatistics().evicted).toBeGreaterThanOrEqual(3);
    expect(await fleet.until(whole, HOUR)).toBe(true);
  });

  test('that boots into the old version is restored without any other node', async () => {
    const fleet = aFleet({ nodes: 1, webReplicas: 0 });
    fleet.cluster.host('node-1').faults.bootFails(1);
    expect(await fleet.until(() => fleet.shadow('node-1')?.status?.crash_count === 1, 3 * HOUR)).toBe(true);
    expect(await fleet.until(() => fleet.isDone('node-1', OLD), HOUR)).toBe(true);
    expect(await fleet.rollOut(6 * HOUR)).toBe(true);
  });

  test('whose PodDisruptionBudget allows nothing keeps its pods, and is restored', async () => {
    const fleet = aFleet({ nodes: 1, webReplicas: 1, drainTimeoutMs: 5 * MINUTE });
    fleet.cluster.store.patch('PodDisruptionBudget', { namespace: 'default', name: 'web' }, { spec: { maxUnavailable: 0 } });
    const given = (): boolean => (fleet.shadow('node-1')?.status?.crash_count ?? 0) > 0 && !fleet.node('node-1').cordoned;
    expect(await fleet.until(given, 3 * HOUR)).toBe(true);
    expect(boots(fleet)).toEqual({ 'node-1': 0 });
  });
});

describe('names of nodes', () => {
  test.each([
    { name: 'with dots', node: (at: number) => `ip-10-0-0-${String(at)}.eu-west-1.compute.internal` },
    { name: 'as long as a shadow can take over whole', node: (at: number) => `${'n'.repeat(247)}-${String(at)}` },
    {
      name: 'as long as they may be, alike but for the end',
      node: (at: number) => `${'n'.repeat(251)}-${String(at)}`,
    },
  ])('$name: every node is updated once', async ({ node }) => {
    const fleet = aFleet({ nodes: 3, node: (at) => ({ name: node(at) }) });
    expect(await fleet.rollOut()).toBe(true);
    expect(boots(fleet)).toEqual(each(fleet, 1));
    const shadows = fleet.names.map((name) => fleet.shadow(name)?.metadata);
    expect(new Set(shadows.map((metadata) => metadata?.name)).size).toBe(3);
    expect(shadows.map((metadata) => metadata?.ownerReferences?.[0]?.name)).toEqual(fleet.names);
  });
});

describe('nodes with taints', () => {
  test('get an agent and are updated, and keep their taints', async () => {
    const fleet = aFleet({ nodes: 3, webReplicas: 2 });
    const taints = [
      { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' },
      { key: 'team', value: 'a', effect: 'NoExecute' },
    ];
    fleet.cluster.store.patch('Node', { name: 'node-2' }, { spec: { taints } });
    expect(await fleet.rollOut()).toBe(true);
    expect(fleet.cluster.nodes.find(({ metadata }) => metadata.name === 'node-2')?.spec?.taints).toEqual(taints);
  });
});

describe('a mixed cluster', () => {
  test('of several versions and variants reaches the newest of all, each node with one update', async () => {
    const versions = ['1.24.0', '1.25.2', OLD, NEW];
    const variants = ['aws-k8s-1.30', 'aws-k8s-1.31-nvidia', 'metal-k8s-1.29', 'vmware-k8s-1.30'];
    const fleet = aFleet({ nodes: 4, node: (at) => ({ version: versions[at] ?? OLD, variant: variants[at] ?? 'aws-k8s-1.30' }) });
    expect(await fleet.rollOut()).toBe(true);
    expect(boots(fleet)).toEqual({ 'node-1': 1, 'node-2': 1, 'node-3': 1, 'node-4': 0 });
  });

  test('with one node locked to its version, and another to an older one, updates each to its own', async () => {
    const fleet = aFleet({ nodes: 3 });
    fleet.cluster.repository.available.push('1.25.2');
    fleet.cluster.host('node-1').versionLock = OLD;
    fleet.cluster.host('node-2').versionLock = '1.25.2';
    const settled = (): boolean => fleet.isDone('node-1', OLD) && fleet.isDone('node-2', '1.25.2') && fleet.isDone('node-3', NEW);
    expect(await fleet.until(settled, 12 * HOUR)).toBe(true);
    await fleet.until(() => false, 20 * MINUTE);
    expect(boots(fleet)).toEqual({ 'node-1': 0, 'node-2': 1, 'node-3': 1 });
    expect(settled()).toBe(true);
  });

  test('whose nodes are offered an update in waves starts each when it is offered', async () => {
    const fleet = aFleet({ nodes: 3, node: (at) => ({ waveOffsetMs: at * 30 * MINUTE }) });
    fleet.cluster.repository.availableFrom = { [NEW]: fleet.clock.now() };
    expect(await fleet.until(() => fleet.isDone('node-1'), 20 * MINUTE)).toBe(true);
    expect(fleet.updating).toEqual([]);
    expect(await fleet.rollOut(3 * HOUR)).toBe(true);
    expect(boots(fleet)).toEqual(each(fleet, 1));
  });
});

describe('a downgrade', () => {
  test('to the newest version that is still offered is made like any update, one node after the other', async () => {
    const fleet = aFleet({ nodes: 3, node: () => ({ version: NEW }) });
    fleet.cluster.repository.maxVersion = OLD;
    expect(await fleet.until(() => fleet.names.every((name) => fleet.isDone(name, OLD)), 12 * HOUR)).toBe(true);
    expect([boots(fleet), fleet.mostUnavailable]).toEqual([each(fleet, 1), 1]);
  });

  test('during a rollout reverses it: updated nodes are downgraded, the rest stays', async () => {
    const fleet = aFleet({ nodes: 3 });
    expect(await fleet.until(() => fleet.names.some((name) => fleet.isDone(name)), 3 * HOUR)).toBe(true);
    fleet.cluster.repository.maxVersion = OLD;
    expect(await fleet.until(() => fleet.names.every((name) => fleet.isDone(name, OLD)), 24 * HOUR)).toBe(true);
    expect(fleet.mostUnavailable).toBe(1);
  });
});
