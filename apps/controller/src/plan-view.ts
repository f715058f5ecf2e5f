import type { ObservedShadow } from '@brupop/crd-models';
import { nodeNameOf } from '@brupop/crd-models';
import { UPDATE_PHASES } from '@brupop/state-machine';
import type { AveragePhaseDurations, BudgetUse, ChangeReason, FleetPlan, HoldReason, UpdatePhase } from '@brupop/state-machine';
import { formatTimestamp } from '@brupop/kube-objects';
import type { FleetSnapshot } from './fleet-snapshot.ts';

/**
 * The response to `GET /plan`. Its JSON Schema is `PLAN_SCHEMA`; names and meanings are stable, fields may be added. Times are RFC 3339 in
 * UTC.
 */
export interface PlanView {
  /** When the plan was made. */
  readonly at: string;
  /** Whether the process that answers is the leader, which carries the plan out. A follower shows what it would do. */
  readonly leader: boolean;
  /** The identity of the leader: the holder of the Lease. `null`: there is none, or it is not known yet. */
  readonly leaderIdentity: string | null;
  /** Whether the caches have synced with the Kubernetes API; until then, nodes may be missing. */
  readonly synced: boolean;
  readonly window: {
    readonly open: boolean;
    /** `null`: it is open, or never opens again. */
    readonly opensAt: string | null;
    /** `null`: it is closed, closes in more than two weeks, or never closes. */
    readonly closesAt: string | null;
  };
  readonly budget: {
    readonly maxConcurrentUpdates: number | 'unlimited';
    readonly used: number;
    /** Nodes that are being updated, or that an update made unavailable and that have not come back. */
    readonly usedBy: readonly string[];
    /** `null`: no limit. */
    readonly maxUnavailable: number | null;
    readonly unavailable: number;
    /** Nodes that are not Ready or are cordoned, for any reason, or that may become so at any moment. */
    readonly unavailableNodes: readonly string[];
  };
  readonly estimate: {
    /** When the last node with an estimate is expected to be updated. `null`: nothing has been measured yet, or there is nothing to do. */
    readonly finishesAt: string | null;
    /** Nodes to be updated for which there is no estimate. */
    readonly unknown: number;
    /** The basis of the estimate: the average duration of each phase that this process has measured. */
    readonly phaseSeconds: Readonly<Partial<Record<UpdatePhase, number>>>;
  };
  /** Number of nodes by reason. */
  readonly counts: Readonly<Partial<Record<ChangeReason | HoldReason, number>>>;
  readonly nodes: readonly NodeView[];
  /** When time alone may change the plan; the controller plans again then. `null`: never. */
  readonly recheckAt: string | null;
}

/** The entry of one node. */
export interface NodeView {
  readonly node: string;
  /** `step`: the node takes its next step now; `wait`: it waits. */
  readonly next: 'step' | 'wait';
  readonly reason: ChangeReason | HoldReason;
  /** What the node does or waits for; the same text as in Events, conditions and the log. */
  readonly message: string;
  /** Until when the reason holds, if time alone may change it. */
  readonly until?: string;
  /** Since when the node waits, if it is known. */
  readonly since?: string;
  /** The desired state of the node: the state in the spec of its shadow. */
  readonly state?: string;
  readonly version?: string;
  readonly targetVersion?: string;
  /** When the node is expected to be updated. Absent: unknown, or nothing to do. */
  readonly estimatedAt?: string;
}

/** What the view shows besides the fleet. */
export interface PlanViewer {
  readonly leader: boolean;
  readonly leaderIdentity: string | undefined;
  readonly synced: boolean;
  readonly durations: AveragePhaseDurations;
}

/** What a query may select nodes by. */
export type Wanted = (node: Pick<NodeView, 'node' | 'reason'>) => boolean;

/** @param wanted which nodes to include; all by default */
export function planView(snapshot: FleetSnapshot, viewer: PlanViewer, wanted: Wanted = () => true): PlanView {
  const { at, plan, estimate } = snapshot;
  const { window } = plan;
  return {
    at: formatTimestamp(at),
    leader: viewer.leader,
    leaderIdentity: viewer.leaderIdentity ?? null,
    synced: viewer.synced,
    window: { open: window.open, opensAt: timeOrNull(window.opensAt), closesAt: timeOrNull(window.closesAt) },
    budget: budgetView(plan.budget),
    estimate: {
      finishesAt: timeOrNull(estimate.finishesAt),
      unknown: estimate.unknown,
      phaseSeconds: Object.fromEntries(UPDATE_PHASES.flatMap((phase) => secondsOf(phase, viewer.durations))),
    },
    counts: countsOf([...plan.changes, ...plan.holds]),
    nodes: nodeViews(snapshot, wanted),
    recheckAt: timeOrNull(plan.recheckAt),
  };
}

function nodeViews({ observation, plan, estimate }: FleetSnapshot, wanted: Wanted): NodeView[] {
  const shadows = new Map<string | undefined, ObservedShadow>(observation.shadows.map((shadow) => [nodeNameOf(shadow), shadow]));
  const view = (
    entry: FleetPlan['changes'][number] | FleetPlan['holds'][number],
    next: NodeView['next'],
    { until, since }: Pick<FleetPlan['holds'][number], 'until' | 'since'> = {},
  ): NodeView => {
    const { node, reason, message } = entry;
    const { spec, status, fault } = shadows.get(node) ?? {};
    const estimatedAt = estimate.byNode.get(node);
    return {
      node,
      next,
      reason,
      message,
      ...(until === undefined || until === Infinity ? {} : { until: formatTimestamp(until) }),
      ...(since === undefined ? {} : { since: formatTimestamp(since) }),
      ...(spec === undefined || fault?.specKnown === false ? {} : { state: spec.state }),
      ...(status === undefined || status === null ? {} : { version: status.current_version, targetVersion: status.target_version }),
      ...(estimatedAt === undefined ? {} : { estimatedAt: formatTimestamp(estimatedAt) }),
    };
  };
  return [
    ...plan.changes.filter(wanted).map((change) => view(change, 'step')),
    ...plan.holds.filter(wanted).map((hold) => view(hold, 'wait', hold)),
  ];
}

function budgetView({ maxConcurrentUpdates, slots, maxUnavailable, unavailable }: BudgetUse): PlanView['budget'] {
  return {
    maxConcurrentUpdates,
    used: slots.length,
    usedBy: slots,
    maxUnavailable: maxUnavailable ?? null,
    unavailable: unavailable.length,
    unavailableNodes: unavailable,
  };
}

function countsOf(nodes: readonly Pick<NodeView, 'reason'>[]): PlanView['counts'] {
  const counts: Partial<Record<NodeView['reason'], number>> = {};
  for (const { reason } of nodes) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

function secondsOf(phase: UpdatePhase, durations: AveragePhaseDurations): [UpdatePhase, number][] {
  const ms = durations[phase];
  return ms === undefined ? [] : [[phase, Math.round(ms / 100) / 10]];
}

const timeOrNull = (atMs: number | undefined): string | null => (atMs === undefined || atMs === Infinity ? null : formatTimestamp(atMs));
