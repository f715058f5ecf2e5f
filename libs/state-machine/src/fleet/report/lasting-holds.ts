import type { FleetHold } from '../model/plan.ts';
import { LASTS_AFTER_MS } from '../model/absence.ts';
import { HOLD_REASONS, type HoldReason } from '../model/reasons.ts';

/** An observed hold that should pass by itself. */
export interface HoldSpan {
  readonly reason: HoldReason;
  /** When it began, in milliseconds of a monotonic clock. */
  readonly since: number;
  /** Whether it is reported as lasting. */
  readonly reported: boolean;
}

/** One moment by both clocks, in milliseconds. */
export interface Moment {
  /** Of a monotonic clock. */
  readonly steady: number;
  /** Since the epoch. */
  readonly wall: number;
}

/** The observed holds of the fleet that should pass by themselves. */
export interface HoldSpans {
  readonly byNode: ReadonlyMap<string, HoldSpan>;
  /** When a hold was last reported as lasting for the first time; undefined: never. */
  readonly reportedAt: number | undefined;
}

/** No hold was observed yet. */
export const NO_SPANS: HoldSpans = { byNode: new Map(), reportedAt: undefined };

/** By severity: after how long, in milliseconds, a hold that is quiet at first is reported as lasting. */
export const REPORTED_AFTER_MS: Readonly<Record<'lasting' | 'late-notice', number>> = {
  lasting: LASTS_AFTER_MS,
  // A normal drain waits briefly until an evicted pod of a PodDisruptionBudget, such as that of the apiserver, is Ready elsewhere.
  'late-notice': 60_000,
};

// An image that cannot be pulled affects all nodes at once. Two reports a second are not a storm, and many nodes recover meanwhile.
const MAX_AT_ONCE = 20;
const BETWEEN_MS = 10_000;

/** The holds of a plan, and how long they have lasted. */
export interface FollowedHolds {
  /** The holds of the plan, in its order; `lasting` is set on those that are reported as lasting. */
  readonly holds: readonly FleetHold[];
  readonly spans: HoldSpans;
  /** When to check again even if nothing changes, by the monotonic clock; undefined: never. */
  readonly nextAt: number | undefined;
}

/**
 * Sets `lasting` on holds that have lasted so long that they need attention, a few at a time. It stays set until the node has a hold with
 * another reason. A hold has lasted since the time in the cluster, or else since it was first observed.
 * @param reportedReason the reason in the conditions of a node's shadow: an earlier leader may have reported the hold as lasting
 */
export function followHolds(
  before: HoldSpans,
  holds: readonly FleetHold[],
  reportedReason: (node: string) => string | undefined,
  { steady: now, wall }: Moment,
): FollowedHolds {
  const byNode = new Map<string, HoldSpan>();
  for (const { node, reason, since = wall } of holds) {
    if (reportedAfterMs(reason) === undefined) continue;
    const known = before.byNode.get(node);
    byNode.set(
      node,
      known?.reason === reason ? known : { reason, since: now - Math.max(0, wall - since), reported: reportedReason(node) === reason },
    );
  }
  const due = [...byNode].filter(([, span]) => !span.reported && now >= reportDueAt(span));
  const mayReport = before.reportedAt === undefined || now - before.reportedAt >= BETWEEN_MS;
  const reporting = mayReport ? due.slice(0, MAX_AT_ONCE) : [];
  for (const [node, span] of reporting) byNode.set(node, { ...span, reported: true });
  const reportedAt = reporting.length > 0 ? now : before.reportedAt;
  return {
    holds: byNode.size === 0 ? holds : holds.map((hold) => (byNode.get(hold.node)?.reported === true ? { ...hold, lasting: true } : hold)),
    spans: { byNode, reportedAt },
    nextAt: nextTime(byNode, due.length > reporting.length && reportedAt !== undefined ? reportedAt + BETWEEN_MS : undefined, now),
  };
}

function nextTime(byNode: ReadonlyMap<string, HoldSpan>, nextReportAt: number | undefined, now: number): number | undefined {
  let next = nextReportAt ?? Infinity;
  for (const span of byNode.values()) if (!span.reported && reportDueAt(span) > now) next = Math.min(next, reportDueAt(span));
  return next === Infinity ? undefined : next;
}

/** After how long a hold that is quiet at first is reported as lasting; undefined: immediately, or never. */
function reportedAfterMs(reason: HoldReason): number | undefined {
  const { severity } = HOLD_REASONS[reason];
  return severity === 'lasting' || severity === 'late-notice' ? REPORTED_AFTER_MS[severity] : undefined;
}

const reportDueAt = ({ reason, since }: HoldSpan): number => since + (reportedAfterMs(reason) ?? 0);
