import type { FleetHold } from '../model/plan.ts';
import { LASTS_AFTER_MS } from '../model/absence.ts';
import { HOLD_REASONS } from '../model/reasons.ts';
import type { HoldReason } from '../model/reasons.ts';

/** What is remembered of a node that is held for something that should pass by itself. */
export interface HoldSpan {
  readonly reason: HoldReason;
  /** When it began, in milliseconds of a clock that never jumps. */
  readonly since: number;
  /** Whether it is told as lasting. */
  readonly reported: boolean;
}

/** One moment by both clocks, in milliseconds. */
export interface Moment {
  /** Of a clock that never jumps. */
  readonly steady: number;
  /** Since the epoch. */
  readonly wall: number;
}

/** What is remembered of the fleet. */
export interface HoldSpans {
  readonly byNode: ReadonlyMap<string, HoldSpan>;
  /** When a hold was last begun to be told; undefined: never. */
  readonly reportedAt: number | undefined;
}

/** Nothing was seen yet. */
export const NO_SPANS: HoldSpans = { byNode: new Map(), reportedAt: undefined };

/** By severity: after how long, in milliseconds, a hold is told that is quiet at first. */
export const REPORTED_AFTER_MS: Readonly<Record<'lasting' | 'late-notice', number>> = {
  lasting: LASTS_AFTER_MS,
  // An ordinary drain waits for a moment until an evicted pod of a PodDisruptionBudget, such as the apiserver's own, is Ready elsewhere.
  'late-notice': 60_000,
};

// An image that cannot be pulled holds all nodes at once. Told two a second they are no storm of writes, and those that come back meanwhile are
// never written.
const MOST_AT_ONCE = 20;
const BETWEEN_MS = 10_000;

/** How the holds of a plan stand in time. */
export interface FollowedHolds {
  /** The holds of the plan, in its order; those that are told as lasting are marked. */
  readonly holds: readonly FleetHold[];
  readonly spans: HoldSpans;
  /** When to look again even if nothing changes, by the steady clock; undefined: never. */
  readonly nextAt: number | undefined;
}

/**
 * Marks the holds that have lasted for so long that a person should look, few at a time. What was told stays told until the node is held for another
 * reason. A hold has lasted since the cluster says so, or else since it was first seen.
 * @param carriedReason why a node's shadow says already that it needs attention: an earlier leader may have told it
 */
export function followHolds(
  before: HoldSpans,
  holds: readonly FleetHold[],
  carriedReason: (node: string) => string | undefined,
  { steady: now, wall }: Moment,
): FollowedHolds {
  const byNode = new Map<string, HoldSpan>();
  for (const { node, reason, since = wall } of holds) {
    if (reportedAfterMs(reason) === undefined) continue;
    const known = before.byNode.get(node);
    byNode.set(
      node,
      known?.reason === reason ? known : { reason, since: now - Math.max(0, wall - since), reported: carriedReason(node) === reason },
    );
  }
  const due = [...byNode].filter(([, span]) => !span.reported && now >= reportDueAt(span));
  const mayReport = before.reportedAt === undefined || now - before.reportedAt >= BETWEEN_MS;
  const reporting = mayReport ? due.slice(0, MOST_AT_ONCE) : [];
  for (const [node, span] of reporting) byNode.set(node, { ...span, reported: true });
  const reportedAt = reporting.length > 0 ? now : before.reportedAt;
  return {
    holds: byNode.size === 0 ? holds : holds.map((hold) => (byNode.get(hold.node)?.reported === true ? { ...hold, lasting: true } : hold)),
    spans: { byNode, reportedAt },
    nextAt: nextTime(byNode, due.length > reporting.length && reportedAt !== undefined ? reportedAt + BETWEEN_MS : undefined, now),
  };
}

function nextTime(byNode: ReadonlyMap<string, HoldSpan>, nextTelling: number | undefined, now: number): number | undefined {
  let next = nextTelling ?? Infinity;
  for (const span of byNode.values()) if (!span.reported && reportDueAt(span) > now) next = Math.min(next, reportDueAt(span));
  return next === Infinity ? undefined : next;
}

/** After how long a hold is told that is quiet at first; undefined: it is told at once, or never. */
function reportedAfterMs(reason: HoldReason): number | undefined {
  const { severity } = HOLD_REASONS[reason];
  return severity === 'lasting' || severity === 'late-notice' ? REPORTED_AFTER_MS[severity] : undefined;
}

const reportDueAt = ({ reason, since }: HoldSpan): number => since + (reportedAfterMs(reason) ?? 0);
