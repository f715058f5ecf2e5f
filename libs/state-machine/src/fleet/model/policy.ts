import type { UpdateWindow } from '../../window/window.ts';

/** How long a node may take for each step, in milliseconds, before it counts as stuck. */
export interface StateTimeouts {
  /** To download and stage an update. */
  readonly stagedMs: number;
  /** To leave the load balancers, drain, reboot, and be Ready again. */
  readonly rebootedMs: number;
  /** To become Ready and report it. The soak time is added. */
  readonly monitoringMs: number;
  /** To clean up after a failure or after the end of an update, and report `Idle`. */
  readonly recoveryMs: number;
}

/** How many nodes may be unavailable for any reason: a number, or a percentage of the managed nodes, rounded down but at least 1. */
export type MaxUnavailable = { readonly count: number } | { readonly percent: number };

/** The settings of {@link planFleet}. */
export interface FleetPolicy {
  /** How many nodes may be updated, or left unavailable by an update, at the same time. */
  readonly maxConcurrentUpdates: number | 'unlimited';
  /** Absent: no limit. */
  readonly maxUnavailable?: MaxUnavailable;
  /** How many nodes may fail to run a version before no other node starts it, unless more nodes run it. Absent: no limit. */
  readonly maxFailedNodes?: number;
  readonly window: UpdateWindow;
  readonly timeouts: StateTimeouts;
  /** How long an updated node must have been Ready before its update is finished, in milliseconds. */
  readonly soakMs: number;
}

const MINUTE_MS = 60_000;

/** Long enough for a slow mirror and for a drain of pods with long grace periods. */
export const DEFAULT_TIMEOUTS: StateTimeouts = {
  stagedMs: 30 * MINUTE_MS,
  rebootedMs: 60 * MINUTE_MS,
  monitoringMs: 10 * MINUTE_MS,
  recoveryMs: 10 * MINUTE_MS,
};
