import type { FailedVersion, ProgressStep, ShadowProgress, ShadowState, ShadowStatus } from '@brupop/crd-models';
import type { Action, AgentObservation, StepOutcome } from './types.ts';
import { versionsToReport } from './update-check.ts';

const MAX_CRASH_COUNT = 2 ** 32 - 1;
const MAX_FAILED_VERSIONS = 10;

/** The crash count after another failure. It is a uint32 on the wire, and users can edit it. */
export function nextCrashCount(crashCount: number): number {
  const before = Number.isFinite(crashCount) ? Math.max(0, Math.trunc(crashCount)) : 0;
  return Math.min(before + 1, MAX_CRASH_COUNT);
}

/** The failed versions after another failure of `version`. The latest comes last, and the oldest are dropped. */
export function withFailedVersion(failed: readonly FailedVersion[], version: string, at: string): readonly FailedVersion[] {
  const before = failed.find((entry) => entry.version === version);
  const others = failed.filter((entry) => entry.version !== version);
  const entry = { version, failures: nextCrashCount(before?.failures ?? 0), last_failure_timestamp: at };
  return [...others, entry].slice(-MAX_FAILED_VERSIONS);
}

/** The current status with what was observed. Empty fields are null, so that a merge patch clears them. */
export function observedStatus(o: AgentObservation): ShadowStatus {
  const status = o.shadow.status;
  const { target, check } = versionsToReport(o);
  return {
    current_version: o.host.version,
    target_version: o.shadow.spec.version ?? target,
    current_state: status?.current_state ?? 'Idle',
    crash_count: status?.crash_count ?? 0,
    state_transition_failure_timestamp: status?.state_transition_failure_timestamp ?? null,
    progress: status?.progress ?? null,
    failed_versions: status?.failed_versions ?? [],
    boot_id: o.bootId,
    failure_message: status?.failure_message ?? null,
    unhealthy_before: status?.unhealthy_before ?? null,
    update_check: check,
  };
}

/** The status without past failures, of a host that runs its target version. */
export function cleared(status: ShadowStatus): ShadowStatus {
  return {
    ...status,
    crash_count: 0,
    state_transition_failure_timestamp: null,
    failure_message: null,
    failed_versions: (status.failed_versions ?? []).filter(({ version }) => version !== status.current_version),
  };
}

/** Reports that `state` has been reached. */
export function reportReached(o: AgentObservation, state: ShadowState, reason: string): Action {
  return { kind: 'report', reason, status: { ...observedStatus(o), current_state: state, progress: null, failure_message: null } };
}

/** Reports that a disruptive step begins. The step is performed after the report is written. */
export function reportProgress(
  o: AgentObservation,
  step: ProgressStep,
  version: string,
  reason: string,
  further: Pick<ShadowStatus, 'unhealthy_before'> = {},
): Action {
  const progress = { step, since: new Date(o.now).toISOString(), boot_id: o.bootId, version, message: reason };
  return { kind: 'report', reason, status: { ...observedStatus(o), progress, failure_message: null, ...further } };
}

/**
 * Reports what blocks the current step or, with `undefined`, that it is no longer blocked. The step continues.
 * @param otherwise the message of a step that is not blocked
 * @param until RFC 3339; when the step ends by itself at the latest
 */
export function reportBlocked(
  o: AgentObservation,
  progress: ShadowProgress,
  blocked: StepOutcome['blocked'],
  otherwise: string,
  until?: string,
): Action {
  const { reason, message } = blocked ?? { reason: null, message: otherwise };
  const next = { ...progress, reason, message, ...((until ?? progress.until ?? null) === null ? {} : { until: until ?? null }) };
  return { kind: 'report', reason: message, status: { ...observedStatus(o), progress: next } };
}

/** Reports a failure that is retried, on a node that is not or no longer cordoned for its update. */
export function reportTrouble(o: AgentObservation, message: string): Action {
  return { kind: 'report', reason: message, status: { ...observedStatus(o), progress: null, failure_message: message } };
}

/** Reports that nothing fails any longer. */
export function reportNoTrouble(o: AgentObservation, reason: string): Action {
  return { kind: 'report', reason, status: { ...observedStatus(o), failure_message: null } };
}

/** What is to blame for a failure: the version, which is then added to the failed versions, or something else. */
export type Blame = 'version' | 'other';

function failedVersions(o: AgentObservation, version: string, blame: Blame): readonly FailedVersion[] {
  const failed = o.shadow.status?.failed_versions ?? [];
  return blame === 'version' ? withFailedVersion(failed, version, new Date(o.now).toISOString()) : failed;
}

/** Reports a failed update of a node that is not or no longer cordoned for it. */
export function reportFailure(o: AgentObservation, version: string, reason: string, blame: Blame): Action {
  const status = { ...observedStatus(o), current_state: 'ErrorReset' as const, progress: null };
  return { kind: 'report', reason, status: failed(o, status, version, reason, blame) };
}

/** The status with another failure. */
export function failed(o: AgentObservation, status: ShadowStatus, version: string, reason: string, blame: Blame): ShadowStatus {
  return {
    ...status,
    crash_count: nextCrashCount(status.crash_count),
    state_transition_failure_timestamp: new Date(o.now).toISOString(),
    failed_versions: failedVersions(o, version, blame),
    failure_message: reason,
  };
}

/** Reports that a node is being restored because the update failed. `ErrorReset` is reported when it is restored. */
export function reportRestoring(o: AgentObservation, version: string, message: string, blame: Blame): Action {
  return returning(o, version, message, { failed_versions: failedVersions(o, version, blame) });
}

/**
 * Reports that a node is being restored without a failure of the update.
 * @param reason in CamelCase; it decides how the update ends
 */
export function reportReturning(o: AgentObservation, version: string, message: string, reason: string): Action {
  return returning(o, version, message, {}, reason);
}

function returning(o: AgentObservation, version: string, message: string, changes: Partial<ShadowStatus>, reason?: string): Action {
  const step = { step: 'Returning' as const, since: new Date(o.now).toISOString(), boot_id: o.bootId, version, message };
  const progress = reason === undefined ? step : { ...step, reason };
  return { kind: 'report', reason: message, status: { ...observedStatus(o), ...changes, progress, failure_message: message } };
}

/** Whether two statuses are equal in the fields that the agent writes, except `update_check`; absent and null are equal. */
export function saysTheSame(a: ShadowStatus, b: ShadowStatus | null | undefined): boolean {
  return (
    a.current_version === b?.current_version &&
    a.target_version === b.target_version &&
    a.current_state === b.current_state &&
    a.crash_count === b.crash_count &&
    (a.state_transition_failure_timestamp ?? null) === (b.state_transition_failure_timestamp ?? null) &&
    (a.failure_message ?? null) === (b.failure_message ?? null) &&
    (a.boot_id ?? null) === (b.boot_id ?? null) &&
    (a.unhealthy_before ?? []).join() === (b.unhealthy_before ?? []).join() &&
    sameProgress(a.progress, b.progress) &&
    sameFailures(a.failed_versions ?? [], b.failed_versions ?? [])
  );
}

function sameProgress(a: ShadowStatus['progress'], b: ShadowStatus['progress']): boolean {
  return (
    a?.step === b?.step &&
    a?.since === b?.since &&
    a?.boot_id === b?.boot_id &&
    a?.version === b?.version &&
    a?.message === b?.message &&
    (a?.reason ?? null) === (b?.reason ?? null)
  );
}

function sameFailures(a: readonly FailedVersion[], b: readonly FailedVersion[]): boolean {
  return (
    a.length === b.length &&
    a.every((entry, at) => {
      const other = b[at];
      return (
        entry.version === other?.version &&
        entry.failures === other.failures &&
        entry.last_failure_timestamp === other.last_failure_timestamp
      );
    })
  );
}
