import type { UpdateWindow } from '../../window/window.ts';

/** How long a node may take, in milliseconds, before it counts as stuck. */
export interface StateTimeouts {
  /** To download and stage an update. */
  readonly stagedMs: number;
  /** To leave the load balancers, drain, reboot, and be Ready again. */
  readonly rebootedMs: number;
  /** To be Ready for the soak time, and report it. The soak time is added. */
  readonly monitoringMs: number;
  /** To clean up after a failure or after the end of an update, and report `Idle`. */
  readonly recoveryMs: number;
}

/** Nodes that may be unavailable for any reason: a number, or a share of the managed nodes rounded down, but never below 1. */
export type MaxUnavailable = { readonly count: number } | { readonly percent: number };

/** What the operator's owner wants: the only knob of {@link planFleet}. */
export interface FleetPolicy {
  /** Nodes being updated, or made unavailable by us and not back, at any one time. */
  readonly maxConcurrentUpdates: number | 'unlimited';
  /** Absent: nodes that are unavailable for other reasons limit nothing. */
  readonly maxUnavailable?: MaxUnavailable;
  /** Nodes that may fail to run a version before no other is started on it, as long as no more nodes run it than have failed. Absent: no limit. */
  readonly maxFailedNodes?: number;
  readonly window: UpdateWindow;
  readonly timeouts: StateTimeouts;
  /** How long an updated node must have been Ready before its update counts as done, in milliseconds. */
  readonly soakMs: number;
}

const MINUTE_MS = 60_000;

/** Generous enough for a slow mirror and for a drain of pods with long grace periods. */
export const DEFAULT_TIMEOUTS: StateTimeouts = {
  stagedMs: 30 * MINUTE_MS,
  rebootedMs: 60 * MINUTE_MS,
  monitoringMs: 10 * MINUTE_MS,
  recoveryMs: 10 * MINUTE_MS,
};
