import { CORDONED_TAINT, hasVoidOwnership, isOwned } from '@brupop/crd-models';
import { seededRandom } from '@brupop/ports';
import type { NodeObject, SimulatedHost } from '@brupop/simulator';
import { parseWindow } from '@brupop/state-machine';
import type { FleetPolicy, UpdateWindow } from '@brupop/state-machine';
import { NEW, NEXT } from '../fleet/versions.ts';
import { Fleet } from '../in-process/fleet.ts';
import { disturb } from './disturbances.ts';
import type { ChaosContext } from './context.ts';
import { Invariants } from './invariants.ts';

/** Result of a run of chaos. */
export interface ChaosReport {
  readonly seed: number;
  /** Violations of invariants. */
  readonly violations: readonly string[];
  /** Faults in the final state. */
  readonly unfinished: readonly string[];
  /** The disturbances, and their times. */
  readonly disturbances: readonly string[];
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Updates a fleet under disturbances that `seed` chooses; then waits until all of them are over. */
export async function runChaos(seed: number, watch?: (fleet: Fleet) => void): Promise<ChaosReport> {
  const random = seededRandom(seed);
  const between = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
  const nodes = between(1, 6);
  const most = between(1, 3);
  const limitsUnavailable = random() < 0.3;
  const policy: Partial<FleetPolicy> = {
    maxConcurrentUpdates: most,
    soakMs: random() < 0.3 ? between(1, 5) * MINUTE : 0,
    ...(random() < 0.2 ? { window: aWindow(between) } : {}),
    ...(limitsUnavailable ? { maxUnavailable: { percent: between(20, 100) } } : {}),
    ...(random() < 0.3 ? { maxFailedNodes: between(1, 3) } : {}),
  };
  const unhealthy = new Set<SimulatedHost>();
  const fleet = new Fleet({
    nodes,
    daemonSets: { driver: (host) => !unhealthy.has(host) },
    seed,
    policy,
    agentSettings: { excludeFromLbWaitMs: random() < 0.3 ? 30_000 : 0, soakMs: random() < 0.3 ? between(1, 5) * MINUTE : 0 },
    drainTimeoutMs: between(2, 15) * MINUTE,
    webReplicas: nodes === 1 ? 0 : nodes + 1,
    // Hours pass: what the cluster does every second would take most of the time.
    clusterTimings: { heartbeatMs: 20_000, nodeMonitorMs: 10_000, readinessPeriodMs: 5_000 },
  });
  try {
    watch?.(fleet);
    const invariants = new Invariants(fleet, most, policy);
    const context: ChaosContext = { fleet, random, invariants, undo: [], cordonedByHand: new Set(), unhealthy };
    const disturbances: string[] = [];
    await fleet.until(() => fleet.updating.length > 0, 24 * HOUR);
    for (let left = between(3, 20); left > 0; left--) {
      await fleet.rest(random() < 0.7 ? between(1, 40_000) : between(1, 20 * MINUTE));
      disturbances.push(`${String(fleet.clock.monotonic() / 1000)} s: ${disturb(context)}`);
    }
    await fleet.rest(between(1, 30) * MINUTE);
    for (const undo of context.undo) undo();
    for (const host of fleet.cluster.hosts.values()) {
      host.faults.clear();
      host.powerOn();
    }
    const { cordonedByHand } = context;
    // Nodes that stay cordoned could use up the budget of unavailable nodes, or leave too little room for evicted pods.
    if (limitsUnavailable || nodes - cordonedByHand.size < 2) uncordonAll(fleet, cordonedByHand);
    await fleet.rest(12 * MINUTE);
    const isDone = (): boolean => fleet.names.length === nodes && faultsOf(fleet, cordonedByHand).length === 0;
    for (let minutes = 0; minutes < 48 * 60 && !isDone(); minutes++) await fleet.rest(MINUTE);
    return { seed, violations: invariants.violations, unfinished: faultsOf(fleet, cordonedByHand), disturbances };
  } finally {
    fleet.stop();
  }
}

/** A daily window, or a trigger in each hour; always one that the controller accepts. */
function aWindow(between: (least: number, most: number) => number): UpdateWindow {
  const isDaily = between(0, 1) === 0;
  const [first, second] = isDaily ? [between(0, 23), between(1, 23)] : [between(0, 59), between(0, 59)];
  const parsed = parseWindow(
    isDaily
      ? { UPDATE_WINDOW_START: `${String(first)}:0:0`, UPDATE_WINDOW_STOP: `${String((first + second) % 24)}:0:0` }
      : { SCHEDULER_CRON_EXPRESSION: `${String(first)} ${String(second)} * * * * *` },
  );
  if (!parsed.ok) throw new Error(parsed.problems.join('; '));
  return parsed.window;
}

function uncordonAll(fleet: Fleet, cordonedByHand: Set<string>): void {
  for (const name of cordonedByHand) fleet.cluster.store.patch('Node', { name }, { spec: { unschedulable: null } });
  cordonedByHand.clear();
}

function isTainted({ spec }: NodeObject): boolean {
  return spec?.taints?.some(({ key }) => key === CORDONED_TAINT) === true;
}

/** Faults in the final state. */
function faultsOf(fleet: Fleet, cordonedByHand: ReadonlySet<string>): string[] {
  const newest = fleet.cluster.repository.available.includes(NEXT) ? NEXT : NEW;
  return fleet.cluster.nodes.flatMap((node) => {
    const { name } = node.metadata;
    const { ready, cordoned } = fleet.node(name);
    const shadow = fleet.shadow(name);
    const faults: string[] = [];
    if (!ready) faults.push('is not Ready');
    if (isOwned(node) || hasVoidOwnership(node)) faults.push('still has an ownership annotation');
    if (isTainted(node) !== cordoned) faults.push(cordoned ? 'lacks the taint of cordoned nodes' : 'has the taint of cordoned nodes');
    if (cordoned !== cordonedByHand.has(name)) faults.push(cordoned ? 'is still cordoned' : "has lost its administrator's cordon");
    if (shadow?.spec.state !== 'Idle' || shadow.status?.current_state !== 'Idle') {
      faults.push(`desired ${shadow?.spec.state ?? 'nothing'}, reported ${shadow?.status?.current_state ?? 'nothing'}`);
    }
    if ((shadow?.status?.progress ?? null) !== null) faults.push('still reports progress');
    if (fleet.cluster.host(name).version !== newest && !cordonedByHand.has(name)) faults.push('was not updated');
    return faults.map((fault) => `${name} ${fault}`);
  });
}
