import { CONTROLLER_COMPONENT } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { parseWindow } from '@brupop/state-machine';
import { NEW } from '../fleet/versions.ts';
import { aFleet } from './a-fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('a rollout', () => {
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

// The virtual clock starts at midnight UTC.
describe('an update window', () => {
  test('starts nothing before it opens', async () => {
    const window = { kind: 'daily', startMs: 20 * MINUTE, stopMs: 2 * HOUR } as const;
    const fleet = aFleet({ nodes: 2, policy: { window } });
    expect(await fleet.until(() => fleet.updating.length > 0, 19 * MINUTE)).toBe(false);
    expect(await fleet.rollOut(2 * HOUR)).toBe(true);
  });

  test('that closed after a node was staged lets it continue when it opens again', async () => {
    const everyOtherMinute = parseWindow({ SCHEDULER_CRON_EXPRESSION: '* */2 * * * * *' });
    if (!everyOtherMinute.ok) throw new Error(everyOtherMinute.problems.join());
    const fleet = aFleet({ nodes: 1, webReplicas: 0, policy: { window: everyOtherMinute.window } });
    expect(await fleet.until(() => fleet.updating.length > 0, MINUTE)).toBe(true);
    fleet.cluster.host('node-1').faults.busy(MINUTE);
    const isStaged = (): boolean => fleet.shadow('node-1')?.status?.current_state === 'StagedAndPerformedUpdate';
    expect(await fleet.until(isStaged, 2 * MINUTE)).toBe(true);
    expect(await fleet.until(() => fleet.shadow('node-1')?.spec.state === 'RebootedIntoUpdate', MINUTE)).toBe(true);
    expect(new Date(fleet.clock.now()).getUTCMinutes()).toBe(2);
    expect(await fleet.rollOut(HOUR)).toBe(true);
  });
});

describe('a fleet of which all nodes may be updated at once', () => {
  test.each([2, 5])('of %i is staged at once, and keeps one in service to which evicted pods can go', async (nodes) => {
    const fleet = aFleet({ nodes, policy: { maxConcurrentUpdates: 'unlimited' } });
    expect(await fleet.until(() => fleet.updating.length === nodes, HOUR)).toBe(true);
    expect(await fleet.rollOut(HOUR)).toBe(true);
    expect([fleet.mostUpdating, fleet.mostUnavailable]).toEqual([nodes, nodes - 1]);
    expect(fleet.names.map((name) => [fleet.boots(name), fleet.mostFailures(name)])).toEqual(fleet.names.map(() => [1, 0]));
  });

  test('of which two keep each other from draining, by pods that have nowhere else to go, is updated all the same', async () => {
    // All start when the window opens, and so drain at the same time.
    const window = { kind: 'daily', startMs: 20 * MINUTE, stopMs: 5 * HOUR } as const;
    const policy = { maxConcurrentUpdates: 'unlimited', window } as const;
    const fleet = aFleet({ nodes: 3, webReplicas: 0, policy, drainTimeoutMs: 5 * MINUTE });
    expect(await fleet.until(() => fleet.running(CONTROLLER_COMPONENT).length > 0, HOUR)).toBe(true);
    // The leader's node stays until the others are back.
    const pair = fleet.names.filter((name) => fleet.running(CONTROLLER_COMPONENT, name).length === 0);
    fleet.cluster.apply(anAppOn(pair, 3));
    expect(await fleet.rollOut(2 * HOUR)).toBe(true);
    expect(pair.map((name) => fleet.mostFailures(name) > 0)).toContain(true);
    expect(fleet.names.map((name) => fleet.boots(name))).toEqual([1, 1, 1]);
  });
});

describe('a trigger', () => {
  test('updates the whole fleet, one node after the other', async () => {
    const parsed = parseWindow({ SCHEDULER_CRON_EXPRESSION: '0 10 0 * * * *' });
    const fleet = aFleet({ nodes: 4, policy: parsed.ok ? { window: parsed.window } : {} });
    expect(await fleet.until(() => fleet.updating.length > 0, 9 * MINUTE)).toBe(false);
    expect(await fleet.rollOut(2 * HOUR)).toBe(true);
    expect(fleet.mostUnavailable).toBe(1);
  });
});

describe('a host', () => {
  test('that boots into the old version is restored, not drained again, and updated after its backoff', async () => {
    const fleet = aFleet({ nodes: 2 });
    fleet.cluster.host('node-1').faults.bootFails(1);
    expect(await fleet.until(() => fleet.shadow('node-1')?.status?.crash_count === 1, 2 * HOUR)).toBe(true);
    expect(await fleet.until(() => !fleet.node('node-1').cordoned, HOUR)).toBe(true);
    expect(fleet.shadow('node-1')?.status?.failed_versions).toMatchObject([{ version: NEW, failures: 1 }]);
    expect(await fleet.rollOut()).toBe(true);
    expect(fleet.boots('node-1')).toBe(2);
    expect(fleet.shadow('node-1')?.status?.crash_count).toBe(0);
  });

  test('that never boots the new version stays in service, and is drained once per attempt', async () => {
    const fleet = aFleet({ nodes: 2 });
    fleet.cluster.host('node-1').faults.bootFails('always');
    expect(await fleet.until(() => (fleet.shadow('node-1')?.status?.crash_count ?? 0) >= 3, 24 * HOUR)).toBe(true);
    expect(await fleet.until(() => !fleet.node('node-1').cordoned && fleet.node('node-1').ready, HOUR)).toBe(true);
    expect(fleet.boots('node-1')).toBe(3);
    expect(fleet.shadow('node-1')?.status?.failed_versions).toMatchObject([{ version: NEW, failures: 3 }]);
    expect(fleet.isDone('node-2')).toBe(true);
  });

  test('whose new version boots nowhere does not make the whole fleet fail', async () => {
    const fleet = aFleet({ nodes: 4, policy: { maxFailedNodes: 2 } });
    for (const name of fleet.names) fleet.cluster.host(name).faults.bootFails('always');
    await fleet.rest(40 * MINUTE);
    expect(fleet.names.filter((name) => fleet.boots(name) > 0)).toHaveLength(2);
    for (const name of fleet.names) fleet.cluster.host(name).faults.clear();
    expect(await fleet.rollOut()).toBe(true);
  });

  test('that cannot download, like all others during an outage of their mirror, blames no version, and is updated after the outage', async () => {
    const fleet = aFleet({ nodes: 4, policy: { maxConcurrentUpdates: 2, maxFailedNodes: 2 } });
    for (const name of fleet.names) fleet.cluster.host(name).faults.downloadFails('always');
    await fleet.rest(HOUR);
    for (const name of fleet.names) {
      expect(fleet.shadow(name)?.status?.crash_count).toBeGreaterThan(0);
      expect(fleet.shadow(name)?.status?.failed_versions ?? []).toEqual([]);
    }
    expect(fleet.mostUnavailable).toBe(0);
    for (const name of fleet.names) fleet.cluster.host(name).faults.clear();
    expect(await fleet.rollOut(24 * HOUR)).toBe(true);
  });

  test('that goes down at its reboot keeps its slot, and finishes when it returns', async () => {
    const fleet = aFleet({ nodes: 3 });
    for (const name of fleet.names) fleet.cluster.host(name).faults.neverComesBack();
    expect(await fleet.until(() => fleet.updating.some((name) => !fleet.node(name).ready), HOUR)).toBe(true);
    const [lost = ''] = fleet.updating;
    await fleet.rest(2 * HOUR);
    expect(fleet.mostUnavailable).toBe(1);
    for (const name of fleet.names) fleet.cluster.host(name).faults.clear();
    fleet.cluster.powerOn(lost);
    expect(await fleet.rollOut()).toBe(true);
  });
});

describe('an administrator', () => {
  test('keeps a node cordoned: it is not updated while it is cordoned', async () => {
    const fleet = aFleet({ nodes: 3 });
    await fleet.until(() => fleet.names.every((name) => fleet.node(name).ready), HOUR);
    fleet.cluster.store.patch('Node', { name: 'node-1' }, { spec: { unschedulable: true } });
    expect(await fleet.until(() => fleet.isDone('node-2') && fleet.isDone('node-3'), 2 * HOUR)).toBe(true);
    await fleet.rest(HOUR);
    expect(fleet.node('node-1').cordoned).toBe(true);
    fleet.cluster.store.patch('Node', { name: 'node-1' }, { spec: { unschedulable: null } });
    expect(await fleet.rollOut(2 * HOUR)).toBe(true);
  });
});

/** Pods that run on these nodes only, and of which one may be missing. */
function anAppOn(nodes: readonly string[], replicas: number): object[] {
  const labels = { app: 'app' };
  const metadata = { name: 'app', namespace: 'default' };
  const nodeSelectorTerms = [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: nodes }] }];
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } };
  const template = { metadata: { labels }, spec: { affinity, containers: [{ name: 'main', image: 'app' }] } };
  return [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas, selector: { matchLabels: labels }, template } },
    { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec: { maxUnavailable: 1, selector: { matchLabels: labels } } },
  ];
}
