import type { FleetPlan } from '@brupop/state-machine';
import { formatTimestamp } from '@brupop/state-machine';

/** The plan as `/plan` shows it. Times are RFC 3339. */
export interface PlanView {
  /** Whether this process is the one that carries it out. */
  readonly leader: boolean;
  readonly at: string;
  readonly changes: readonly { readonly node: string; readonly reason: string; readonly message: string }[];
  readonly holds: readonly { readonly node: string; readonly reason: string; readonly message: string; readonly until?: string }[];
  readonly recheckAt?: string;
}

/** @param now milliseconds since the epoch */
export function planView(plan: FleetPlan, leader: boolean, now: number): PlanView {
  return {
    leader,
    at: formatTimestamp(now),
    changes: plan.changes.map(({ node, reason, message }) => ({ node, reason, message })),
    holds: plan.holds.map(({ node, reason, message, until }) => ({
      node,
      reason,
      message,
      ...(until === undefined ? {} : { until: formatTimestamp(until) }),
    })),
    ...(plan.recheckAt === undefined ? {} : { recheckAt: formatTimestamp(plan.recheckAt) }),
  };
}
