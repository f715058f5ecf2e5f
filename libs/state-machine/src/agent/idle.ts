import { timestampMs } from '@brupop/kube-objects';
import type { ShadowStatus, ShadowUpdateCheck } from '@brupop/crd-models';
import { isFailedCheck } from '../update-check.ts';
import { restoreNode, outcomeOf, waitWhileBusy } from './outcomes.ts';
import { cleared, observedStatus, saysTheSame } from './status.ts';
import type { Action, AgentObservation } from './types.ts';
import { checkAfterGivingUp, checkFailedVersion, nextHealthCheck, statusOnFailedVersion } from './unhealthy-version.ts';
import { agentsOwn } from './unreachable.ts';
import { hasCheckChanged, isUpToDate, versionsToReport, versionsWithoutHost } from './update-check.ts';

/** Cleans up after an update, and then checks for updates periodically. */
export function decideIdle(o: AgentObservation): Action {
  const ended = restoreAfterUpdate(o) ?? withdrawUpdate(o) ?? checkAfterGivingUp(o) ?? reportEnd(o);
  return ended ?? checkForUpdate(o) ?? checkFailedVersion(o) ?? reportOrWait(o);
}

// Comes first because no pods run on a cordoned node. The apiserver removes only a cordon and an exclusion that the operator owns.
function restoreAfterUpdate(o: AgentObservation): Action | undefined {
  return isRecovering(o.shadow.status) ? restoreNode(o, 'Restoring the node after an update that did not complete') : undefined;
}

/** Whether an update ended without success. */
function isRecovering(status: ShadowStatus | null | undefined): status is ShadowStatus {
  if (status == null) return false;
  return status.progress != null || (status.current_state !== 'Idle' && status.current_state !== 'MonitoringUpdate');
}

/** The next reboot must not boot into an update that was given up. An update that an administrator staged is left alone. */
function withdrawUpdate(o: AgentObservation): Action | undefined {
  const status = o.shadow.status;
  if (!isRecovering(status)) return undefined;
  if (outcomeOf(o, 'deactivate') !== undefined) return undefined;
  if (o.host.status.kind === 'busy') {
    const since = timestampMs(o.shadow.spec.state_transition_timestamp) ?? o.now;
    return o.now < since + o.settings.stageTimeoutMs ? waitWhileBusy(o) : undefined;
  }
  if (o.host.status.kind !== 'known' || o.host.status.updateState !== 'Ready') return undefined;
  const version = status.progress?.version ?? status.target_version;
  if (o.host.status.stagedVersion !== version) return undefined;
  return { kind: 'deactivate', reason: `The update to ${version} was given up` };
}

/** Comes before the next check for updates because another node may wait for the slot of this one. */
function reportEnd(o: AgentObservation): Action | undefined {
  const state = o.shadow.status?.current_state;
  return state === undefined || state === 'Idle' ? undefined : { kind: 'report', reason: 'The update has ended', status: idleStatus(o) };
}

function checkForUpdate(o: AgentObservation): Action | undefined {
  if (o.host.status.kind === 'busy' || o.now < nextCheck(o)) return undefined;
  return { kind: 'refresh', reason: 'Checking for updates' };
}

function reportOrWait(o: AgentObservation): Action {
  const status = idleStatus(o);
  const hasChanged = !saysTheSame(status, o.shadow.status) || hasCheckChanged(status.update_check, o);
  if (hasChanged) return { kind: 'report', reason: 'The host is idle', status };
  return o.host.status.kind === 'busy'
    ? waitWhileBusy(o)
    : { kind: 'wait', reason: 'Nothing to do', until: Math.min(nextCheck(o), nextHealthCheck(o)) };
}

type IdleStatus = ShadowStatus & { readonly update_check: ShadowUpdateCheck };

function idleStatus(o: AgentObservation): IdleStatus {
  const { target, check } = versionsToReport(o);
  const status: ShadowStatus = { ...observedStatus(o), target_version: target, current_state: 'Idle', progress: null };
  const idle = { ...status, unhealthy_before: null };
  const reported =
    statusOnFailedVersion(o, status) ?? (isUpToDate(o) ? cleared(idle) : { ...idle, failure_message: failureToReport(o, check) });
  return { ...reported, update_check: check };
}

/**
 * Reports an idle node whose host API does not respond; undefined if there is nothing new to report.
 * @param o without the host; `checks` has the cause
 */
export function decideWithoutHost(o: Omit<AgentObservation, 'host'>): Extract<Action, { kind: 'report' }> | undefined {
  const { spec, status } = o.shadow;
  if (spec.state !== 'Idle' || status?.current_state !== 'Idle' || status.progress != null) return undefined;
  const { target, check } = versionsWithoutHost(o, status);
  if (check.result !== 'Failing' || !hasCheckChanged(check, o)) return undefined;
  const reported = { ...agentsOwn(status), target_version: target, failure_message: failureToReport(o, check), update_check: check };
  return { kind: 'report', reason: check.message ?? 'The host API does not respond', status: reported };
}

/** Why the last update failed; otherwise, for controllers that do not know `update_check`, why the host cannot check for updates. */
function failureToReport(o: Pick<AgentObservation, 'shadow'>, check: ShadowUpdateCheck): string | null {
  const { status } = o.shadow;
  const reported = status?.failure_message ?? null;
  const isOfUpdate = status != null && (status.crash_count > 0 || (reported !== null && !isFailedCheck(status)));
  if (isOfUpdate) return reported;
  return check.result === 'Failing' ? `The host cannot check for updates: ${check.message ?? ''}` : null;
}

// A host that checks once a day retries a failed check sooner.
const MAX_RETRY_MS = 5 * 60_000;

/** When the host should check for updates again, milliseconds since the Unix epoch. */
export function nextCheck(o: AgentObservation): number {
  // The last check is in the future if the wall clock has jumped back.
  if (o.lastCheckedAt === undefined || o.lastCheckedAt > o.now) return o.now;
  const { updateCheckIntervalMs: interval } = o.settings;
  return o.lastCheckedAt + (o.checks?.trouble === undefined ? interval : Math.min(interval, MAX_RETRY_MS));
}
