import type { ShadowStatus, ShadowUpdateCheck } from '@brupop/crd-models';
import { isFailedCheck } from '../update-check.ts';
import { giveNodeBack, outcomeOf, waitWhileBusy } from './outcomes.ts';
import { cleared, observedStatus, saysTheSame, timeOf } from './status.ts';
import type { Action, AgentObservation } from './types.ts';
import { lookAfterGivingUp, lookAtFailedVersion, nextLook, statusOnFailedVersion } from './unhealthy-version.ts';
import { agentsOwn } from './unreachable.ts';
import { hasCheckChanged, isUpToDate, versionsToReport, versionsWithoutHost } from './update-check.ts';

/** Tidies up after an update, then looks for the next one from time to time. */
export function decideIdle(o: AgentObservation): Action {
  const ended = returnNode(o) ?? withdrawUpdate(o) ?? lookAfterGivingUp(o) ?? reportEnd(o);
  return ended ?? checkForUpdate(o) ?? lookAtFailedVersion(o) ?? reportOrWait(o);
}

// Before anything else: a node that is held serves nobody. What is not ours the apiserver leaves alone.
function returnNode(o: AgentObservation): Action | undefined {
  return isRecovering(o.shadow.status) ? giveNodeBack(o, 'Restoring the node after an update that did not complete') : undefined;
}

/** Whether an update ended before it was complete. */
function isRecovering(status: ShadowStatus | null | undefined): status is ShadowStatus {
  if (status == null) return false;
  return status.progress != null || (status.current_state !== 'Idle' && status.current_state !== 'MonitoringUpdate');
}

/** The next reboot must not boot into an update that was given up. One that an administrator staged is none of ours. */
function withdrawUpdate(o: AgentObservation): Action | undefined {
  const status = o.shadow.status;
  if (!isRecovering(status)) return undefined;
  if (outcomeOf(o, 'deactivate') !== undefined) return undefined;
  if (o.host.status.kind === 'busy') {
    const since = timeOf(o.shadow.spec.state_transition_timestamp) ?? o.now;
    return o.now < since + o.settings.stageTimeoutMs ? waitWhileBusy(o) : undefined;
  }
  if (o.host.status.kind !== 'known' || o.host.status.updateState !== 'Ready') return undefined;
  const ours = status.progress?.version ?? status.target_version;
  if (o.host.status.stagedVersion !== ours) return undefined;
  return { kind: 'deactivate', reason: `The update to ${ours} was given up` };
}

/** Another node may be waiting for the slot of this one: that comes before the next look for updates. */
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
  const isNews = !saysTheSame(status, o.shadow.status) || hasCheckChanged(status.update_check, o);
  if (isNews) return { kind: 'report', reason: 'The host is idle', status };
  return o.host.status.kind === 'busy'
    ? waitWhileBusy(o)
    : { kind: 'wait', reason: 'Nothing to do', until: Math.min(nextCheck(o), nextLook(o)) };
}

type IdleStatus = ShadowStatus & { readonly update_check: ShadowUpdateCheck };

function idleStatus(o: AgentObservation): IdleStatus {
  const { target, check } = versionsToReport(o);
  const status: ShadowStatus = { ...observedStatus(o), target_version: target, current_state: 'Idle', progress: null };
  const rested = { ...status, unhealthy_before: null };
  const told =
    statusOnFailedVersion(o, status) ?? (isUpToDate(o) ? cleared(rested) : { ...rested, failure_message: failureToTell(o, check) });
  return { ...told, update_check: check };
}

/**
 * What to report of an idle node whose host cannot be asked; undefined: nothing new.
 * @param o without the host; `checks` tells what is wrong with it
 */
export function decideWithoutHost(o: Omit<AgentObservation, 'host'>): Extract<Action, { kind: 'report' }> | undefined {
  const { spec, status } = o.shadow;
  if (spec.state !== 'Idle' || status?.current_state !== 'Idle' || status.progress != null) return undefined;
  const { target, check } = versionsWithoutHost(o, status);
  if (check.result !== 'Failing' || !hasCheckChanged(check, o)) return undefined;
  const told = { ...agentsOwn(status), target_version: target, failure_message: failureToTell(o, check), update_check: check };
  return { kind: 'report', reason: check.message ?? 'The host API does not respond', status: told };
}

/** Why the last update failed; else, for controllers that do not know `update_check`, why the host cannot check for another. */
function failureToTell(o: Pick<AgentObservation, 'shadow'>, check: ShadowUpdateCheck): string | null {
  const { status } = o.shadow;
  const told = status?.failure_message ?? null;
  const isOfUpdate = status != null && (status.crash_count > 0 || (told !== null && !isFailedCheck(status)));
  if (isOfUpdate) return told;
  return check.result === 'Failing' ? `The host cannot check for updates: ${check.message ?? ''}` : null;
}

// A host that is configured to check once a day is not left blind for a day by one fault of its repository.
const LONGEST_RETRY_MS = 5 * 60_000;

/** When the host should look for updates again, milliseconds since the Unix epoch. */
export function nextCheck(o: AgentObservation): number {
  // A wall clock that has jumped back makes the last check lie in the future.
  if (o.lastCheckedAt === undefined || o.lastCheckedAt > o.now) return o.now;
  const { updateCheckIntervalMs: interval } = o.settings;
  return o.lastCheckedAt + (o.checks?.trouble === undefined ? interval : Math.min(interval, LONGEST_RETRY_MS));
}
