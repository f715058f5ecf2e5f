import type { Condition, ObjectMeta } from '@brupop/kube-objects';

/** States of the v2 `BottlerocketShadow`, in the order in which an update passes through them; `ErrorReset` ends a failed one. */
export const SHADOW_STATES = ['Idle', 'StagedAndPerformedUpdate', 'RebootedIntoUpdate', 'MonitoringUpdate', 'ErrorReset'] as const;
/** A state of the v2 shadow. */
export type ShadowState = (typeof SHADOW_STATES)[number];

/** What a node should do next. Written by the controller alone. */
export interface ShadowSpec {
  readonly state: ShadowState;
  /** RFC 3339; when `state` was last changed. */
  readonly state_transition_timestamp?: string | null;
  /** Semantic version to update to. */
  readonly version?: string | null;
}

/** Steps with an effect outside of the host's update partition, in order. */
export const PROGRESS_STEPS = ['Excluding', 'Draining', 'Rebooting', 'Returning'] as const;
/** One of {@link PROGRESS_STEPS}. */
export type ProgressStep = (typeof PROGRESS_STEPS)[number];

/**
 * Why a drain is blocked: a PodDisruptionBudget forbids an eviction; the API server refuses one (a missing permission, an admission
 * webhook), or fails at it repeatedly; a pod has not terminated in time; a controller recreates pods on the node as often as they are
 * evicted; the API server refuses the cordon.
 */
export const DRAIN_BLOCKS = [
  'DisruptionBudget',
  'EvictionRefused',
  'EvictionFailing',
  'PodNotEnding',
  'PodsComeBack',
  'NodeChangeRefused',
] as const;
/** One of {@link DRAIN_BLOCKS}. */
export type DrainBlock = (typeof DRAIN_BLOCKS)[number];

/** The last disruptive step that the agent began, written *before* the step, so that a crash is distinguished from success. */
export interface ShadowProgress {
  readonly step: ProgressStep;
  /** RFC 3339; when the step began. */
  readonly since: string;
  /** `/proc/sys/kernel/random/boot_id` of the boot in which the step began. */
  readonly boot_id: string;
  /** The version that the step is part of an update to. */
  readonly version: string;
  /** What it is doing or waiting for, for people. */
  readonly message?: string;
  /** Why the step is blocked, as a CamelCase reason; absent or null if it is not. Of a drain: one of {@link DRAIN_BLOCKS}. */
  readonly reason?: string | null;
  /** RFC 3339; when the step ends by itself at the latest, as of a drain that has lasted. */
  readonly until?: string | null;
}

/** A version that this host booted out of, or failed to install. */
export interface FailedVersion {
  readonly version: string;
  /** Consecutive failed attempts, at least 1. */
  readonly failures: number;
  /** RFC 3339. */
  readonly last_failure_timestamp: string;
}

/**
 * Why the host cannot check for updates: its updater fails; its updater succeeds and lists no version; its API does not answer, or not as
 * Bottlerocket does; it reports an update state that the agent does not know; it has been busy all along.
 */
export const UPDATE_CHECK_PROBLEMS = [
  'RefreshFailed',
  'NothingListed',
  'HostUnreachable',
  'HostAnswer',
  'UnknownState',
  'HostBusy',
] as const;
/** One of {@link UPDATE_CHECK_PROBLEMS}. */
export type UpdateCheckProblem = (typeof UPDATE_CHECK_PROBLEMS)[number];

/** What the agent knows of updates for its host, and since when. Times are RFC 3339, by the clock of the node. */
export interface ShadowUpdateCheck {
  /** `UpdateAvailable`, `NothingNewer`, `NotChecked` (not since the boot) or `Failing` (for half an hour); newer agents may add others. */
  readonly result: string;
  /** When the host last checked successfully since it booted; null: not yet. Written about once an hour if nothing else changes. */
  readonly checked_at?: string | null;
  /** Since when the result is what it is. */
  readonly since?: string | null;
  /** Of `Failing`: one of {@link UPDATE_CHECK_PROBLEMS}; a newer agent may know more. */
  readonly reason?: string | null;
  /** Of `Failing`: what the host says, for people. */
  readonly message?: string | null;
  /** How often the host is to check, in seconds; `checked_at` is not written less often than that, or once an hour. */
  readonly interval_seconds?: number | null;
  /** The newest listed version, if it is newer than the one that the host chose: a version lock or a wave holds it back. */
  readonly newest_listed?: string | null;
}

/** What a node's agent last reported. The fields from `conditions` on are additions to the original's, and optional. */
export interface ShadowStatus {
  readonly current_version: string;
  readonly target_version: string;
  readonly current_state: ShadowState;
  /** Consecutive failed updates, 0 to 2^32 - 1. */
  readonly crash_count: number;
  /** RFC 3339; the last failure. */
  readonly state_transition_failure_timestamp?: string | null;
  readonly conditions?: readonly Condition[];
  readonly progress?: ShadowProgress | null;
  readonly failed_versions?: readonly FailedVersion[];
  /** Boot id of the host when the status was written. */
  readonly boot_id?: string;
  /** Why the last update failed, or why the host has long been unable to look for one; for people. */
  readonly failure_message?: string | null;
  /**
   * The DaemonSets, as `namespace/name`, of which a pod on the node was unhealthy before the node was drained: at most 20. The
   * update is not blamed for them. Null or absent: nothing was looked at.
   */
  readonly unhealthy_before?: readonly string[] | null;
  /** Absent: the agent is older and does not report its checks. */
  readonly update_check?: ShadowUpdateCheck | null;
}

/** A `BottlerocketShadow` of version v2, the storage version. */
export interface BottlerocketShadow {
  readonly apiVersion: 'brupop.bottlerocket.aws/v2';
  readonly kind: 'BottlerocketShadow';
  readonly metadata: ObjectMeta;
  readonly spec: ShadowSpec;
  readonly status?: ShadowStatus | null;
}
