import { nodeNameOf, type ObservedShadow } from '@brupop/crd-models';
import {
  UPDATE_PHASES,
  type AveragePhaseDurations,
  type BudgetUse,
  type ChangeReason,
  type FleetPlan,
  type HoldReason,
  type UpdatePhase,
} from '@brupop/state-machine';
import { formatTimestamp } from '@brupop/kube-objects';
import type { FleetSnapshot } from './fleet-snapshot.ts';

/** The response to `GET /plan`. `PLAN_SCHEMA` describes each field; fields may be added. Times are RFC 3339 in UTC. */
export interface PlanView {
  readonly at: string;
  readonly leader: boolean;
  readonly leaderIdentity: string | null;
  readonly synced: boolean;
  readonly window: {
    readonly open: boolean;
    readonly opensAt: string | null;
    readonly closesAt: string | null;
  };
  readonly budget: {
    readonly maxConcurrentUpdates: number | 'unlimited';
    readonly used: number;
    readonly usedBy: readonly string[];
    readonly maxUnavailable: number | null;
    readonly unavailable: number;
    readonly unavailableNodes: readonly string[];
  };
  readonly estimate: {
    readonly finishesAt: string | null;
    readonly unknown: number;
    readonly phaseSeconds: Readonly<Partial<Record<UpdatePhase, number>>>;
  };
  readonly counts: Readonly<Partial<Record<ChangeReason | HoldReason, number>>>;
  readonly nodes: readonly NodeView[];
  readonly recheckAt: string | null;
}

/** The entry of one node. */
export interface NodeView {
  readonly node: string;
  readonly next: 'step' | 'wait';
  readonly reason: ChangeReason | HoldReason;
  readonly message: string;
  readonly until?: string;
  readonly since?: string;
  readonly state?: string;
  readonly version?: string;
  readonly targetVersion?: string;
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
