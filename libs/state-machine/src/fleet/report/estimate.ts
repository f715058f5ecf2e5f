import { nodeNameOf, type BottlerocketShadow } from '@brupop/crd-models';
import { windowAt, type UpdateWindow } from '../../window/window.ts';
import { phaseAt, UPDATE_PHASES, type UpdatePhase, type PhaseSpan } from '../model/phases.ts';
import type { FleetPlan } from '../model/plan.ts';
import type { ChangeReason, HoldReason } from '../model/reasons.ts';

/** The average duration of phases, in milliseconds; absent: not measured yet. */
export type AveragePhaseDurations = Readonly<Partial<Record<UpdatePhase, number>>>;

/** When updates are likely to finish. Times are milliseconds since the epoch. */
export interface FleetEstimate {
  /** When the update of each node is likely to finish; absent: unknown. */
  readonly byNode: ReadonlyMap<string, number>;
  /** The last time in `byNode`; undefined if nothing is known or no update is left. */
  readonly finishesAt: number | undefined;
  /** How many nodes have an update without an estimate: they wait for something that does not pass with time, or nothing was measured. */
  readonly unknown: number;
}

type Reason = HoldReason | ChangeReason;

const STAGE: readonly UpdatePhase[] = ['stage'];
const REST: readonly UpdatePhase[] = UPDATE_PHASES.slice(1);
/** Without the durations of these phases there is no estimate. The other phases may be too short to be observed. */
const NEEDED: readonly UpdatePhase[] = ['stage', 'reboot', 'monitor'];
/** Nodes that wait for a slot or the window only. */
const QUEUED: readonly Reason[] = ['NoFreeSlot', 'RetryLimited', 'WindowClosed'];
/** Nodes that wait for the end of a backoff, and then for a slot. */
const BACKING_OFF: readonly Reason[] = ['CrashBackoff', 'VersionBackoff', 'RetryBackoff'];
/** Nodes whose update has ended, successfully or not, and that are about to release their slot. */
const ENDING: readonly Reason[] = ['UpdateFinished', 'Recovering', 'ResetAfterError', 'GivenUp', 'LabelRemoved', 'NodeGone'];
/** Nodes whose update progresses as usual. Averages do not apply to any other update. */
const USUAL: readonly Reason[] = [
  'UpdateStarted',
  'RebootAllowed',
  'MonitoringStarted',
  'WindowClosed',
  'NoFreeSlot',
  'LastSchedulableNode',
  'InProgress',
  'Soaking',
];

/**
 * Estimates when updates finish, as if every update took the average time of its phases: nodes take the slots in the order of the plan, and
 * start and drain only within the window.
 * @param now milliseconds since the epoch
 */
export function estimateFleet(
  plan: FleetPlan,
  shadows: readonly BottlerocketShadow[],
  window: UpdateWindow,
  durations: AveragePhaseDurations,
  now: number,
): FleetEstimate {
  const { maxConcurrentUpdates, slots } = plan.budget;
  const entries = [...plan.changes, ...plan.holds];
  const byName = new Map(shadows.map((shadow) => [nodeNameOf(shadow), shadow]));
  const pending = entries.filter(({ node }) => isPending(byName.get(node)));
  const byNode = new Map<string, number>();
  if (!NEEDED.every((phase) => durations[phase] !== undefined)) return { byNode, finishesAt: undefined, unknown: pending.length };

  const took = (phases: readonly UpdatePhase[]): number => phases.reduce((sum, phase) => sum + (durations[phase] ?? 0), 0);
  const opening = openings(window, plan, now);
  const wholeFrom = (at: number): number => opening(opening(at) + took(STAGE)) + took(REST);
  const fromNow = (reason: Reason, span: PhaseSpan | undefined): number => {
    if (!USUAL.includes(reason)) return ENDING.includes(reason) ? now : Infinity;
    if (reason === 'UpdateStarted') return wholeFrom(now);
    if (reason === 'MonitoringStarted') return now + took(['monitor']);
    // Staged, or allowed to reboot and not yet observed to have begun.
    if (span === undefined) return opening(now) + took(REST);
    const left = Math.max(0, took([span.phase]) - (now - span.since));
    const later = took(UPDATE_PHASES.slice(UPDATE_PHASES.indexOf(span.phase) + 1));
    return span.phase === 'stage' ? opening(now + left) + later : now + left + later;
  };
  const estimate = (node: string, at: number): number => {
    if (at < Infinity) byNode.set(node, at);
    return at;
  };

  const inSlots = new Set(slots);
  const busy = entries
    .filter(({ node }) => inSlots.has(node))
    .map(({ node, reason }) => {
      const shadow = byName.get(node);
      const at = fromNow(reason, shadow && phaseAt(shadow, now));
      return ENDING.includes(reason) && reason !== 'UpdateFinished' ? at : estimate(node, at);
    });
  const waiting = plan.holds.filter(({ node }) => !inSlots.has(node));
  const backingOff = waiting.filter(({ reason }) => BACKING_OFF.includes(reason)).sort((a, b) => (a.until ?? 0) - (b.until ?? 0));
  const takeSlot = createSlots(busy, maxConcurrentUpdates === 'unlimited' ? Infinity : maxConcurrentUpdates, now);
  for (const { node, reason } of waiting) if (QUEUED.includes(reason)) takeSlot((free) => estimate(node, wholeFrom(free)));
  for (const { node, until = now } of backingOff) takeSlot((free) => estimate(node, wholeFrom(Math.max(free, until))));

  const finishesAt = byNode.size === 0 ? undefined : [...byNode.values()].reduce((last, at) => Math.max(last, at), 0);
  return { byNode, finishesAt, unknown: pending.filter(({ node }) => !byNode.has(node)).length };
}

/** Whether the node has an update, or is being updated. */
function isPending(shadow: BottlerocketShadow | undefined): boolean {
  const status = shadow?.status;
  if (shadow === undefined || status === undefined || status === null) return false;
  return shadow.spec.state !== 'Idle' || status.current_version !== status.target_version;
}

/** The first moment from a time on at which the window is open. Most times that are asked for are in the same opening. */
function openings(window: UpdateWindow, plan: FleetPlan, now: number): (at: number) => number {
  if (window.kind === 'cron' && window.trigger) {
    // A window that a trigger opened stays open until all nodes are done.
    const begins = plan.window.open ? now : (plan.window.opensAt ?? Infinity);
    return (at) => Math.max(at, begins);
  }
  let known = { from: now, to: now, opensAt: now };
  return (at) => {
    if (at === Infinity || (at >= known.from && at < known.to)) return at === Infinity ? Infinity : Math.max(at, known.opensAt);
    const { open, opensAt = Infinity, closesAt = Infinity } = windowAt(window, at);
    known = open ? { from: at, to: closesAt, opensAt: at } : { from: at, to: opensAt, opensAt };
    return open ? at : opensAt;
  };
}

/**
 * Hands out slots. Updates end in the order in which they begin, so the next free slot is at the head of one of two queues.
 * @param busy when each slot that is in use becomes free
 * @returns takes the next free slot for an update, which is given the time at which the slot is free and returns the time at which the
 * update ends
 */
function createSlots(busy: readonly number[], limit: number, now: number): (update: (free: number) => number) => void {
  const first = busy.toSorted((a, b) => a - b);
  const later: number[] = [];
  let unused = Math.max(0, limit - busy.length);
  let taken = 0;
  let next = 0;
  return (update) => {
    if (unused > 0) {
      unused--;
      later.push(update(now));
      return;
    }
    const [a = Infinity, b = Infinity] = [first[taken], later[next]];
    if (a <= b) taken++;
    else next++;
    later.push(update(Math.min(a, b)));
  };
}
