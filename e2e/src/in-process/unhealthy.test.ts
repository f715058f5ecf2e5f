import { describe, expect, test } from '@jest/globals';
import { NEW, OLD } from '../fleet/versions.ts';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NEXT = '1.28.0';
// Hours are simulated, probe by probe.
const SLOW_PROBES = { readinessPeriodMs: 10_000 };

const healthOf = (fleet: Fleet, node: string): string[] =>
  (fleet.shadow(node)?.status?.conditions ?? []).flatMap(({ type, reason, message }) => (type === 'Healthy' ? [reason, message] : []));
const runs = (fleet: Fleet, version: string): string[] =>
  fleet.names.filter((name) => fleet.shadow(name)?.status?.current_version === version);

describe('a DaemonSet pod that is not Ready', () => {
  test('before the update either is not blamed on it', async () => {
    const fleet = aFleet({ nodes: 3, webReplicas: 0, clusterTimings: SLOW_PROBES, daemonSets: { broken: () => false } });
    expect(await fleet.rollOut(2 * HOUR)).toBe(true);
    expect(fleet.names.map((name) => fleet.mostFailures(name))).toEqual([0, 0, 0]);
    fleet.cluster.repository.available.push(NEXT);
    expect(await fleet.until(() => fleet.names.every((name) => fleet.isDone(name, NEXT)), 2 * HOUR)).toBe(true);
    expect(fleet.names.map((name) => fleet.shadow(name)?.status?.unhealthy_before ?? null)).toEqual([null, null, null]);
  });

  test('on the new version only stops the rollout, is named, and leaves the node free for the next release', async () => {
    const fleet = aFleet({
      nodes: 6,
      webReplicas: 0,
      clusterTimings: SLOW_PROBES,
      policy: { maxFailedNodes: 1 },
      daemonSets: { driver: ({ version }) => version !== NEW, broken: () => false },
    });
    expect(await fleet.until(() => runs(fleet, NEW).length === 1, HOUR)).toBe(true);
    const [first = ''] = runs(fleet, NEW);
    expect(await fleet.until(() => healthOf(fleet, first)[0] === 'UnhealthyAfterUpdate', 5 * MINUTE)).toBe(true);
    expect(healthOf(fleet, first)[1]).toMatch(/^The node is not healthy on 1\.27\.0: Pod default\/driver-\w+ is not Ready$/);
    const events = fleet.api.store.list<{ reason: string; message?: string }>({ group: 'events.k8s.io', resource: 'events' });
    expect(events.filter(({ reason }) => reason === 'UnhealthyAfterUpdate').map(({ message }) => message)).toContain(
      healthOf(fleet, first)[1],
    );

    await fleet.rest(HOUR);
    expect(runs(fleet, NEW)).toEqual([first]);
    expect(fleet.shadow(first)).toMatchObject({
      spec: { state: 'Idle' },
      status: { current_state: 'Idle', crash_count: 1, failed_versions: [{ version: NEW, failures: 1 }] },
    });
    expect(healthOf(fleet, first)[0]).toBe('UnhealthyAfterUpdate');
    expect(fleet.boots(first)).toBe(1);

    fleet.cluster.repository.available.push(NEXT);
    expect(await fleet.until(() => fleet.names.every((name) => fleet.isDone(name, NEXT)), 2 * HOUR)).toBe(true);
  });

  test('for longer than its node is monitored stops the rollout until it is Ready, and no longer', async () => {
    let isReady = false;
    const fleet = aFleet({
      nodes: 3,
      webReplicas: 0,
      clusterTimings: SLOW_PROBES,
      policy: { maxFailedNodes: 1 },
      daemonSets: { driver: ({ version }) => isReady || version === OLD },
    });
    await fleet.rest(HOUR);
    expect(runs(fleet, NEW)).toHaveLength(1);
    isReady = true;
    expect(await fleet.rollOut(HOUR)).toBe(true);
    const [first = ''] = fleet.names.filter((name) => fleet.mostFailures(name) > 0);
    expect(fleet.shadow(first)?.status).toMatchObject({ crash_count: 0, failed_versions: [] });
    expect(await fleet.until(() => healthOf(fleet, first)[0] === 'NoTrouble', MINUTE)).toBe(true);
  });

  test('on a node that its own agent cannot watch has its monitoring ended by the controller, and the version is blamed', async () => {
    const fleet = aFleet({
      nodes: 2,
      webReplicas: 0,
      clusterTimings: SLOW_PROBES,
      policy: { maxFailedNodes: 1 },
      agentSettings: { monitoringTimeoutMs: Infinity },
      daemonSets: { driver: ({ version }) => version === OLD },
    });
    await fleet.rest(HOUR);
    expect(runs(fleet, NEW)).toHaveLength(1);
    const [first = ''] = runs(fleet, NEW);
    expect(fleet.shadow(first)).toMatchObject({ spec: { state: 'Idle' }, status: { crash_count: 1, failed_versions: [{ version: NEW }] } });
  });
});
