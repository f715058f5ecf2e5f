import type { ObservedShadow } from '@brupop/crd-models';
import { nodeNameOf } from '@brupop/crd-models';
import type { BudgetUse, ChangeReason, FleetPlan, HoldReason, UpdatePhase, AveragePhaseDurations } from '@brupop/state-machine';
import { formatTimestamp, UPDATE_PHASES } from '@brupop/state-machine';
import type { FleetSnapshot } from './fleet-snapshot.ts';

/**
 * What `GET /plan` answers. Its JSON Schema is `PLAN_SCHEMA`; names and meanings stay, further fields may come. Times are RFC 3339 in UTC.
 */
export interface PlanView {
  readonly at: string;
  /** Whether the process that answers carries the plan out. A follower tells what it would do. */
  readonly leader: boolean;
  /** Who leads: the holder of the Lease. `null`: nobody, or not known yet. */
  readonly leaderIdentity: string | null;
  /** Whether everything has been read from the Kubernetes API; before that, nodes may be missing. */
  readonly synced: boolean;
  readonly window: {
    readonly open: boolean;
    /** `null`: it is open, or never opens again. */
    readonly opensAt: string | null;
    /** `null`: it is closed, or closes in more than a fortnight, or never. */
    readonly closesAt: string | null;
  };
  readonly budget: {
    readonly maxConcurrentUpdates: number | 'unlimited';
    readonly used: number;
    /** Nodes that are being updated, or were made unavailable by an update and have not come back. */
    readonly usedBy: readonly string[];
    /** `null`: no limit. */
    readonly maxUnavailable: number | null;
    readonly unavailable: number;
    /** Nodes that are not Ready or cordoned, for any reason, or may become so at any moment. */
    readonly unavailableNodes: readonly string[];
  };
  readonly estimate: {
    /** When the last node that something can be said of is likely to be updated. `null`: nothing is known yet, or nothing to do. */
    readonly finishesAt: string | null;
    /** Nodes to be updated of which nothing can be said. */
    readonly unknown: number;
    /** What the estimate rests on: the average of each phase that this process has measured. */
    readonly phaseSeconds: Readonly<Partial<Record<UpdatePhase, number>>>;
  };
  /** How many nodes there are of each reason. */
  readonly counts: Readonly<Partial<Record<ChangeReason | HoldReason, number>>>;
  readonly nodes: readonly NodeView[];
  /** When the controller looks again even if nothing is seen to change. `null`: never. */
  readonly recheckAt: string | null;
}

/** One node's part. */
export interface NodeView {
  readonly node: string;
  /** `step`: it takes its next step now; `wait`: it waits. */
  readonly next: 'step' | 'wait';
  readonly reason: ChangeReason | HoldReason;
  /** What it does or waits for; the same words as in Events, conditions and the log. */
  readonly message: string;
  /** Until when, if time alone may change it. */
  readonly until?: string;
  /** Since when it waits, if the cluster tells. */
  readonly since?: string;
  /** What the node was told to reach last. */
  readonly state?: string;
  readonly version?: string;
  readonly targetVersion?: string;
  /** When the node is likely to be updated. Absent: unknown, or nothing to do. */
  readonly estimatedAt?: string;
}

/** What the view tells besides the fleet. */
export interface PlanViewer {
  readonly leader: boolean;
  readonly leaderIdentity: string | undefined;
  readonly synced: boolean;
  readonly durations: AveragePhaseDurations;
}

/** What a query may choose nodes by. */
export type Wanted = (node: Pick<NodeView, 'node' | 'reason'>) => boolean;

/** @param wanted which nodes to tell of; all by default */
export function planView(picture: FleetSnapshot, viewer: PlanViewer, wanted: Wanted = () => true): PlanView {
  const { at, plan, estimate } = picture;
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
    nodes: nodeViews(picture, wanted),
    recheckAt: timeOrNull(plan.recheckAt),
  };
}

function nodeViews({ observation, plan, estimate }: FleetSnapshot, wanted: Wanted): NodeView[] {
  const shadows = new Map<string | undefined, ObservedShadow>(observation.shadows.map((shadow) => [nodeNameOf(shadow), shadow]));
  const view = (
    told: FleetPlan['changes'][number] | FleetPlan['holds'][number],
    next: NodeView['next'],
    { until, since }: Pick<FleetPlan['holds'][number], 'until' | 'since'> = {},
  ): NodeView => {
    const { node, reason, message } = told;
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
