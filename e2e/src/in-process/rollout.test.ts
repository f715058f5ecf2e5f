import { describe, expect, test } from '@jest/globals';
import { aFleet } from './a-fleet.ts';
import { NEW, OLD } from './fleet.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** How often each node was rebooted. */
const reboots = (fleet: Fleet, node: string): number =>
  fleet.cluster.events.filter(({ type, subject }) => type === 'host-booted' && subject === node).length;

describe('a rollout', () => {
  test('updates a single node', async () => {
    const fleet = aFleet({ nodes: 1, webReplicas: 0 });
    expect(await fleet.rollOut(HOUR)).toBe(true);
    expect(fleet.cluster.host('node-1').version).toBe(NEW);
  });

  test.each([
    { maxConcurrentUpdates: 1, most: 1 },
    { maxConcurrentUpdates: 3, most: 3 },
    { maxConcurrentUpdates: 'unlimited', most: 12 },
  ] as const)('of 12 nodes never has more than $maxConcurrentUpdates of them away', async ({ maxConcurrentUpdates, most }) => {
    const fleet = aFleet({ nodes: 12, policy: { maxConcurrentUpdates } });
    expect(await fleet.rollOut()).toBe(true);
    expect(fleet.mostUnavailable).toBeLessThanOrEqual(most);
    expect(fleet.names.map((name) => reboots(fleet, name))).toEqual(fleet.names.map(() => 1));
  });

  test('is the same for the same seed', async () => {
    const logs = [];
    for (const seed of [7, 7, 8]) {
      const fleet = aFleet({ nodes: 4, seed, policy: { maxConcurrentUpdates: 2 } });
      expect(await fleet.rollOut()).toBe(true);
      logs.push(JSON.stringify(fleet.cluster.events));
    }
    expect(logs[0]).toBe(logs[1]);
    expect(logs[0]).not.toBe(logs[2]);
  });
});

describe('an update window', () => {
  // The virtual clock starts at midnight UTC.
  const window = { kind: 'daily', startMs: 6 * HOUR, stopMs: 8 * HOUR } as const;

  test('starts nothing before it opens', async () => {
    const fleet = aFleet({ nodes: 2, policy: { window } });
    expect(await fleet.until(() => fleet.updating.length > 0, 6 * HOUR - MINUTE)).toBe(false);
    expect(await fleet.rollOut(2 * HOUR)).toBe(true);
  });
});

describe('a PodDisruptionBudget', () => {
  const blocked = { maxUnavailable: 0 };
  const block = (fleet: Fleet, name: string): void => {
    fleet.cluster.store.patch('PodDisruptionBudget', { namespace: 'default', name }, { spec: blocked });
  };

  test('that blocks for a while delays the drain, and no more', async () => {
    const fleet = aFleet({ nodes: 3 });
    block(fleet, 'web');
    await fleet.until(() => fleet.cluster.drainStatistics().blocked > 0, HOUR);
    fleet.cluster.store.patch('PodDisruptionBudget', { namespace: 'default', name: 'web' }, { spec: { maxUnavailable: 1 } });
    expect(await fleet.rollOut(HOUR)).toBe(true);
    expect(fleet.names.map((name) => fleet.shadow(name)?.status?.crash_count)).toEqual([0, 0, 0]);
  });

  test('that blocks for ever gives the node back, and the others go on', async () => {
    const fleet = aFleet({ nodes: 4, webReplicas: 1, drainTimeoutMs: 5 * MINUTE });
    block(fleet, 'web');
    const stuck = (): string => fleet.cluster.pods('default', { app: 'web' })[0]?.spec.nodeName ?? '';
    const others = (): string[] => fleet.names.filter((name) => name !== stuck());
    expect(await fleet.until(() => stuck() !== '' && others().every((name) => fleet.isDone(name)), 6 * HOUR)).toBe(true);
    const given = (): boolean => !fleet.node(stuck()).cordoned && (fleet.shadow(stuck())?.status?.crash_count ?? 0) > 0;
    expect(await fleet.until(given, 6 * HOUR)).toBe(true);
    expect(fleet.cluster.host(stuck()).version).toBe(OLD);
    expect(fleet.shadow(stuck())?.status?.failure_message).toContain('web');
  });
});

describe('a host', () => {
  test('whose download fails is tried again and updated', async () => {
    const fleet = aFleet({ nodes: 2 });
    fleet.cluster.host('node-1').faults.downloadFails(1);
    expect(await fleet.rollOut()).toBe(true);
  });

  test('that boots into the old version is given back, not drained again, and updated after its backoff', async () => {
    const fleet = aFleet({ nodes: 2 });
    fleet.cluster.host('node-1').faults.bootFails(1);
    expect(await fleet.until(() => fleet.shadow('node-1')?.status?.crash_count === 1, 2 * HOUR)).toBe(true);
    expect(await fleet.until(() => !fleet.node('node-1').cordoned, HOUR)).toBe(true);
    expect(fleet.shadow('node-1')?.status?.failed_versions).toMatchObject([{ version: NEW, failures: 1 }]);
    expect(await fleet.rollOut()).toBe(true);
    expect(reboots(fleet, 'node-1')).toBe(2);
    expect(fleet.shadow('node-1')?.status?.crash_count).toBe(0);
  });

  test('that never boots the new version stays in service, and is drained once a try', async () => {
    const fleet = aFleet({ nodes: 2 });
    fleet.cluster.host('node-1').faults.bootFails('always');
    expect(await fleet.until(() => (fleet.shadow('node-1')?.status?.crash_count ?? 0) >= 3, 24 * HOUR)).toBe(true);
    expect(await fleet.until(() => !fleet.node('node-1').cordoned && fleet.node('node-1').ready, HOUR)).toBe(true);
    expect(reboots(fleet, 'node-1')).toBe(3);
    expect(fleet.isDone('node-2')).toBe(true);
  });

  test('that is busy for ten minutes is waited for', async () => {
    const fleet = aFleet({ nodes: 1, webReplicas: 0 });
    fleet.cluster.host('node-1').faults.busy(10 * MINUTE);
    expect(await fleet.rollOut(2 * HOUR)).toBe(true);
  });

  test('that is dead before its turn is no candidate, and the others go on', async () => {
    const fleet = aFleet({ nodes: 3, webReplicas: 0 });
    await fleet.until(() => fleet.names.every((name) => fleet.node(name).ready), HOUR);
    fleet.cluster.powerOff('node-2');
    expect(await fleet.until(() => fleet.isDone('node-1') && fleet.isDone('node-3'), 6 * HOUR)).toBe(true);
  });

  test('that goes down at its reboot keeps its slot and is finished when it comes back', async () => {
    const fleet = aFleet({ nodes: 3 });
    for (const name of fleet.names) fleet.cluster.host(name).faults.neverComesBack();
    expect(await fleet.until(() => fleet.updating.some((name) => !fleet.node(name).ready), HOUR)).toBe(true);
    const [lost = ''] = fleet.updating;
    await fleet.until(() => false, 2 * HOUR);
    expect(fleet.mostUnavailable).toBe(1);
    for (const name of fleet.names) fleet.cluster.host(name).faults.clear();
    fleet.cluster.powerOn(lost);
    expect(await fleet.rollOut()).toBe(true);
  });
});

describe('an administrator', () => {
  test("has the node's cordon kept: it is not updated while it is cordoned", async () => {
    const fleet = aFleet({ nodes: 3 });
    await fleet.until(() => fleet.names.every((name) => fleet.node(name).ready), HOUR);
    fleet.cluster.store.patch('Node', { name: 'node-1' }, { spec: { unschedulable: true } });
    expect(await fleet.until(() => fleet.isDone('node-2') && fleet.isDone('node-3'), 2 * HOUR)).toBe(true);
    await fleet.until(() => false, HOUR);
    expect(fleet.node('node-1').cordoned).toBe(true);
    fleet.cluster.store.patch('Node', { name: 'node-1' }, { spec: { unschedulable: null } });
    expect(await fleet.rollOut(2 * HOUR)).toBe(true);
  });

  test('has an exclusion from load balancers kept through an update', async () => {
    const label = 'node.kubernetes.io/exclude-from-external-load-balancers';
    const fleet = aFleet({
      nodes: 1,
      webReplicas: 0,
      agentSettings: { excludeFromLbWaitMs: 30_000 },
      node: () => ({ labels: { [label]: 'mine' } }),
    });
    expect(await fleet.rollOut(2 * HOUR)).toBe(true);
    expect(fleet.cluster.nodes[0]?.metadata.labels?.[label]).toBe('mine');
  });
});
