import { VirtualClock } from '@brupop/ports';
import { DEFAULT_TIMEOUTS } from '@brupop/state-machine';
import type { FleetObservation, NodeObservation } from '@brupop/state-machine';
import { describe, expect, test } from '@jest/globals';
import { createFleetSnapshot } from './fleet-snapshot.ts';
import { createPhaseDurations } from './phase-durations.ts';
import { createPlanText } from './plan-text.ts';
import type { PlanView } from './plan-view.ts';
import type { PlannedFleet } from './planned-fleet.ts';

/** A fleet of nodes with names as long as those of a cloud, and the times at which it was observed. */
function aFleet(size: number) {
  const nodes = Array.from({ length: size }, (_, at): NodeObservation => ({
    name: `ip-10-0-${String(Math.floor(at / 256))}-${String(at % 256)}.us-west-2.compute.internal`,
    uid: `uid-${String(at)}`,
    managed: true,
    ready: true,
    unschedulable: false,
    tainted: false,
    cordonedByUs: false,
    excludedByUs: false,
    deleting: false,
  }));
  const shadows = nodes.map(({ name, uid }): FleetObservation['shadows'][number] => ({
    apiVersion: 'brupop.bottlerocket.aws/v2',
    kind: 'BottlerocketShadow',
    metadata: { name: `brs-${name}`, uid: `shadow-${uid}`, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] },
    spec: { state: 'Idle' },
    status: { current_version: '1.26.1', target_version: '1.27.0', current_state: 'Idle', crash_count: 0 },
  }));
  const clock = new VirtualClock();
  const observed: number[] = [];
  const leader: { plan?: PlannedFleet | undefined } = {};
  const phases = createPhaseDurations();
  const snapshot = createFleetSnapshot({
    lastPlan: () => leader.plan,
    observe: () => {
      observed.push(clock.monotonic());
      return { nodes, shadows, agents: new Map(nodes.map(({ name }) => [name, true])) };
    },
    policy: { maxConcurrentUpdates: 1, window: { kind: 'always' }, timeouts: DEFAULT_TIMEOUTS, soakMs: 0 },
    clock,
    phases,
  });
  const text = createPlanText(snapshot, () => ({ leader: true, leaderIdentity: 'me', synced: true, durations: phases.durations() }));
  return { clock, observed, leader, snapshot, names: nodes.map(({ name }) => name), text };
}
const nodesIn = (text: string): string[] => (JSON.parse(text) as PlanView).nodes.map(({ node }) => node);

describe(createPlanText, () => {
  test('of a follower makes at most one plan a second, however often a client asks', async () => {
    const { clock, observed, text } = aFleet(3);
    for (let count = 0; count < 100; count++) text(undefined);
    expect(observed).toHaveLength(1);
    await clock.advance(1_000);
    text(undefined);
    expect(observed).toHaveLength(2);
  });

  test('of a leader shows the plan that was applied last, without planning', async () => {
    const { clock, observed, leader, snapshot, text } = aFleet(3);
    const { observation, plan } = snapshot();
    const at = clock.now();
    leader.plan = { at, observation, plan: { ...plan, holds: plan.holds.slice(1) } };
    await clock.advance(60_000);
    const view = JSON.parse(text(undefined)) as PlanView;
    expect([view.at, view.nodes.length]).toEqual([new Date(at).toISOString(), 2]);
    expect(observed).toHaveLength(1);
    leader.plan = undefined;
    await clock.advance(1_000);
    expect(nodesIn(text(undefined))).toHaveLength(3);
  });

  test('shows all nodes, or those that are selected', () => {
    const { names, text } = aFleet(3);
    expect(nodesIn(text(undefined)).sort()).toEqual(names);
    expect(nodesIn(text(({ node }) => node === names[1]))).toEqual([names[1]]);
  });

  test('stays within two megabytes for 5,000 nodes, and within two kilobytes for one of them', () => {
    const { names, text } = aFleet(5_000);
    expect(nodesIn(text(undefined))).toHaveLength(5_000);
    expect(text(undefined).length).toBeLessThan(2_000_000);
    expect(text(({ node }) => node === names[7]).length).toBeLessThan(2_000);
  });
});
