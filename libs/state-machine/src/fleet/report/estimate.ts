import type { BottlerocketShadow } from '@brupop/crd-models';
import { nodeNameOf } from '@brupop/crd-models';
import type { UpdateWindow } from '../../window/window.ts';
import { windowAt } from '../../window/window.ts';
import { phaseAt, UPDATE_PHASES } from '../model/phases.ts';
import type { UpdatePhase, PhaseSpan } from '../model/phases.ts';
import type { FleetPlan } from '../model/plan.ts';
import type { ChangeReason, HoldReason } from '../model/reasons.ts';

/** How long phases take, in milliseconds; absent: not measured yet. */
export type AveragePhaseDurations = Readonly<Partial<Record<UpdatePhase, number>>>;

/** When updates are likely to be done. Times are milliseconds since the epoch. */
export interface FleetEstimate {
  /** When each node is likely to be done; absent: unknown. */
  readonly byNode: ReadonlyMap<string, number>;
  /** When the last of `byNode` is; undefined if nothing is known, or nothing to do. */
  readonly finishesAt: number | undefined;
  /** Nodes that are to be updated and of which nothing can be said: something holds them that time alone does not mend, or nothing was measured. */
  readonly unknown: number;
}

type Reason = HoldReason | ChangeReason;

const STAGE: readonly UpdatePhase[] = ['stage'];
const REST: readonly UpdatePhase[] = UPDATE_PHASES.slice(1);
/** Without these nothing is said. The others may take no time at all, and then are never seen. */
const NEEDED: readonly UpdatePhase[] = ['stage', 'reboot', 'monitor'];
/** Wait for their turn, and for nothing else. */
const QUEUED: readonly Reason[] = ['NoFreeSlot', 'RetryLimited', 'WindowClosed'];
/** Wait for a time, and then for their turn. */
const RESTING: readonly Reason[] = ['CrashBackoff', 'VersionBackoff', 'RetryBackoff'];
/** Have ended an update, well or not, and are about to give their slot back. */
const ENDING: readonly Reason[] = ['UpdateFinished', 'Recovering', 'ResetAfterError', 'GivenUp', 'LabelRemoved', 'NodeGone'];
/** Under way as usual. An average says nothing about what does not go as usual. */
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
 * Foretells the fleet from how long phases have taken so far, as if every update went as the average one: nodes take their turns in the order of
 * the plan, on as many slots as there are, and start and drain only within the window.
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
  const told = [...plan.changes, ...plan.holds];
  const byName = new Map(shadows.map((shadow) => [nodeNameOf(shadow), shadow]));
  const pending = told.filter(({ node }) => isPending(byName.get(node)));
  const byNode = new Map<string, number>();
  if (!NEEDED.every((phase) => durations[phase] !== undefined)) return { byNode, finishesAt: undefined, unknown: pending.length };

  const took = (phases: readonly UpdatePhase[]): number => phases.reduce((sum, phase) => sum + (durations[phase] ?? 0), 0);
  const opening = openings(window, plan, now);
  const wholeFrom = (at: number): number => opening(opening(at) + took(STAGE)) + took(REST);
  const fromNow = (reason: Reason, span: PhaseSpan | undefined): number => {
    if (!USUAL.includes(reason)) return ENDING.includes(reason) ? now : Infinity;
    if (reason === 'UpdateStarted') return wholeFrom(now);
    if (reason === 'MonitoringStarted') return now + took(['monitor']);
    // Staged, or told to reboot and not seen to have begun.
    if (span === undefined) return opening(now) + took(REST);
    const left = Math.max(0, took([span.phase]) - (now - span.since));
    const later = took(UPDATE_PHASES.slice(UPDATE_PHASES.indexOf(span.phase) + 1));
    return span.phase === 'stage' ? opening(now + left) + later : now + left + later;
  };
  const say = (node: string, at: number): number => {
    if (at < Infinity) byNode.set(node, at);
    return at;
  };

  const inSlots = new Set(slots);
  const busy = told
    .filter(({ node }) => inSlots.has(node))
    .map(({ node, reason }) => {
      const shadow = byName.get(node);
      const at = fromNow(reason, shadow && phaseAt(shadow, now));
      return ENDING.includes(reason) && reason !== 'UpdateFinished' ? at : say(node, at);
    });
  const waiting = plan.holds.filter(({ node }) => !inSlots.has(node));
  const resting = waiting.filter(({ reason }) => RESTING.includes(reason)).sort((a, b) => (a.until ?? 0) - (b.until ?? 0));
  const turn = takeTurns(busy, maxConcurrentUpdates === 'unlimited' ? Infinity : maxConcurrentUpdates, now);
  for (const { node, reason } of waiting) if (QUEUED.includes(reason)) turn((free) => say(node, wholeFrom(free)));
  for (const { node, until = now } of resting) turn((free) => say(node, wholeFrom(Math.max(free, until))));

  const finishesAt = byNode.size === 0 ? undefined : [...byNode.values()].reduce((last, at) => Math.max(last, at), 0);
  return { byNode, finishesAt, unknown: pending.filter(({ node }) => !byNode.has(node)).length };
}

/** Whether the node is to be updated, or is being so. */
function isPending(shadow: BottlerocketShadow | undefined): boolean {
  const status = shadow?.status;
  if (shadow === undefined || status === undefined || status === null) return false;
  return shadow.spec.state !== 'Idle' || status.current_version !== status.target_version;
}

/** When the window is open, at a time or at the next after it. Times are asked for in no order, most of them within the opening asked about last. */
function openings(window: UpdateWindow, plan: FleetPlan, now: number): (at: number) => number {
  if (window.kind === 'cron' && window.trigger) {
    // What a trigger begins goes on to its end.
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
 * Gives out turns on slots. Turns end in the order in which they begin, so whatever becomes free next is at the head of one of two queues.
 * @param busy when each slot that is taken becomes free
 */
function takeTurns(busy: readonly number[], limit: number, now: number): (turn: (free: number) => number) => void {
  const first = busy.toSorted((a, b) => a - b);
  const later: number[] = [];
  let unused = Math.max(0, limit - busy.length);
  let taken = 0;
  let next = 0;
  return (turn) => {
    if (unused > 0) {
      unused--;
      later.push(turn(now));
      return;
    }
    const [a = Infinity, b = Infinity] = [first[taken], later[next]];
    if (a <= b) taken++;
    else next++;
    later.push(turn(Math.min(a, b)));
  };
}
