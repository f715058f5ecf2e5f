import { describe, expect, test } from '@jest/globals';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;

/** A pod on node-1 that needs all of its grace period. */
function aSlowPod(fleet: Fleet, graceMs: number): void {
  const metadata = { name: 'slow', namespace: 'default' };
  const spec = {
    nodeName: 'node-1',
    terminationGracePeriodSeconds: graceMs / 1_000,
    containers: [{ name: 'slow', image: 'x' }],
  };
  fleet.cluster.apply([{ apiVersion: 'v1', kind: 'Pod', metadata, spec }]);
}

const failures = (fleet: Fleet): number => fleet.shadow('node-1')?.status?.crash_count ?? 0;

describe('a pod that uses its grace period', () => {
  test('is named, is not cut short by the drain timeout, and the plan shows when the drain ends', async () => {
    const fleet = aFleet({ nodes: 2, webReplicas: 0, clusterTimings: { terminationMs: 25 * MINUTE } });
    aSlowPod(fleet, 25 * MINUTE);
    const isNamed = (): boolean =>
      fleet.shadow('node-1')?.status?.progress?.message?.startsWith('Pod default/slow is terminating') === true;
    expect(await fleet.until(isNamed, 30 * MINUTE)).toBe(true);
    const progress = fleet.shadow('node-1')?.status?.progress;
    const endsAt = Date.parse(/its grace period ends at (\S+)$/.exec(progress?.message ?? '')?.[1] ?? '');
    expect(progress?.reason ?? null).toBeNull();
    expect(Date.parse(progress?.until ?? '')).toBe(endsAt + MINUTE);
    expect(await fleet.until(() => fleet.isDone('node-1'), 60 * MINUTE)).toBe(true);
    expect(failures(fleet)).toBe(0);
    expect(fleet.clock.now()).toBeGreaterThanOrEqual(endsAt);
  });

  test('that exceeds the maximum duration of a drain does not keep the node out of service', async () => {
    const fleet = aFleet({ nodes: 2, webReplicas: 0, clusterTimings: { terminationMs: 120 * MINUTE } });
    aSlowPod(fleet, 120 * MINUTE);
    expect(await fleet.until(() => failures(fleet) > 0, 40 * MINUTE)).toBe(true);
    expect(fleet.shadow('node-1')?.status?.failure_message).toMatch(/Pod default\/slow is terminating; its grace period ends at /);
    expect(await fleet.until(() => fleet.isDone('node-1'), 6 * 60 * MINUTE)).toBe(true);
  });
});
