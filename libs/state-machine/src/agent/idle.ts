import type { ShadowStatus } from '@brupop/crd-models';
import { updateCheckFailure } from '../update-check.ts';
import { giveNodeBack, isSameFailure, outcomeOf, waitWhileBusy } from './outcomes.ts';
import { availableVersion, cleared, observedStatus, saysTheSame, timeOf } from './status.ts';
import type { Action, AgentObservation } from './types.ts';

/** Tidies up after an update, then looks for the next one from time to time. */
export function decideIdle(o: AgentObservation): Action {
  return returnNode(o) ?? withdrawUpdate(o) ?? reportEnd(o) ?? checkForUpdate(o) ?? reportOrWait(o);
}

// Before anything else: a node that is held serves nobody. What is not ours the apiserver leaves alone.
function returnNode(o: AgentObservation): Action | undefined {
  return isRecovering(o.shadow.status) ? giveNodeBack(o, 'Giving the node back after an update that did not complete') : undefined;
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
  return state === undefined || state === 'Idle' ? undefined : { kind: 'report', reason: 'The update is over', status: idleStatus(o) };
}

function checkForUpdate(o: AgentObservation): Action | undefined {
  if (o.host.status.kind === 'busy' || o.now < nextCheck(o)) return undefined;
  return { kind: 'refresh', reason: 'Looking for updates' };
}

function reportOrWait(o: AgentObservation): Action {
  const status = idleStatus(o);
  if (!saysTheSame(status, o.shadow.status)) return { kind: 'report', reason: 'The host is idle', status };
  return o.host.status.kind === 'busy' ? waitWhileBusy(o) : { kind: 'wait', reason: 'Nothing to do', until: nextCheck(o) };
}

function idleStatus(o: AgentObservation): ShadowStatus {
  const target = availableVersion(o.host.version, o.host.status, o.shadow.status);
  const status: ShadowStatus = {
    ...observedStatus(o),
    target_version: target,
    current_state: 'Idle',
    progress: null,
    failure_message: failureToTell(o, target),
  };
  return isUpToDate(o) ? cleared(status) : status;
}

// Most faults of a repository pass sooner, and told by every node of a fleet at once each would be a storm of writes.
const BLIND_FOR_MS = 30 * 60_000;

/**
 * Why the last update failed; else, why the host has long been unable to look for one: without it, it would pass for up to date.
 * @param target the version that is to be told
 */
function failureToTell(o: AgentObservation, target: string): string | null {
  const { status } = o.shadow;
  const told = status?.failure_message ?? null;
  const isOfUpdate = told !== null && status != null && updateCheckFailure(status) === undefined;
  const look = outcomeOf(o, 'refresh');
  if (isOfUpdate || look === undefined) return told;
  if (look.done || target !== o.host.version) return null;
  if (o.now < (look.since ?? look.at) + BLIND_FOR_MS) return told;
  const message = `The host cannot look for updates: ${look.message}`;
  return told !== null && isSameFailure(told, message) ? told : message;
}

/** Only a refresh that succeeded and found nothing proves it; a host that could not look knows nothing. */
function isUpToDate(o: AgentObservation): boolean {
  const status = o.host.status;
  if (status.kind !== 'known') return false;
  if (status.updateState !== 'Idle') return status.chosenVersion === o.host.version;
  const command = status.mostRecentCommand;
  return command?.type === 'refresh' && command.succeeded && (status.chosenVersion ?? o.host.version) === o.host.version;
}

function nextCheck(o: AgentObservation): number {
  // A wall clock that has jumped back makes the last check lie in the future.
  if (o.lastCheckedAt === undefined || o.lastCheckedAt > o.now) return o.now;
  return o.lastCheckedAt + o.settings.updateCheckIntervalMs;
}
