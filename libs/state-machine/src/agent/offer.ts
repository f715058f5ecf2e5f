import { outcomeOf } from './outcomes.ts';
import { cleared, observedStatus } from './status.ts';
import { tryStep } from './try-step.ts';
import type { Action, AgentObservation, AgentStep } from './types.ts';
import { isUpToDate, offeredVersion, saysNothing } from './update-check.ts';

/** The `reason` of the progress while a node is restored because its version is no longer offered. */
export const UPDATE_WITHDRAWN = 'UpdateWithdrawn';

// Long enough for the decisions that follow a refresh, and too short for later ones to rely on it.
const FRESH_MS = 2 * 60_000;

/** Whether the host is offered a version: `unchecked` unless a refresh of the agent has just succeeded. */
export type Offer = 'offered' | 'gone' | 'unchecked';

/** Whether the host is offered `version`, by a refresh that succeeded after the last change of the shadow and after the last download. */
export function offerOf(o: AgentObservation, version: string): Offer {
  const { status } = o.host;
  if (status.kind !== 'known' || status.updateState === 'Unknown') return 'unchecked';
  if (!hasJustChecked(o) || saysNothing(status, o.host.version)) return 'unchecked';
  if (status.updateState !== 'Idle') return status.chosenVersion === version ? 'offered' : 'gone';
  // A later refresh of someone else that failed also ends in Idle, and proves nothing.
  return status.mostRecentCommand?.succeeded === false ? 'unchecked' : 'gone';
}

function hasJustChecked(o: AgentObservation): boolean {
  const checked = outcomeOf(o, 'refresh');
  return checked?.done === true && o.now >= checked.at && o.now < checked.at + FRESH_MS && isAfter(o, 'refresh', 'prepare');
}

/** Whether `step` ended after `other`, or `other` was not performed. */
export function isAfter(o: AgentObservation, step: AgentStep, other: AgentStep): boolean {
  const steps = (o.outcomes ?? []).map((outcome) => outcome.step);
  return steps.indexOf(step) > steps.indexOf(other);
}

/** Whether the host reports that it would install another version than `version`, or none. A refresh has to confirm this. */
export function seemsGone({ host: { status } }: AgentObservation, version: string): boolean {
  return status.kind === 'known' && status.updateState !== 'Unknown' && (status.updateState === 'Idle' || status.chosenVersion !== version);
}

// A drain may take days, and a version that is withdrawn meanwhile must not be booted.
const RECHECK_MS = 10 * 60_000;

/** Whether the last check for updates is long ago, as far as this process knows. */
export function isCheckOld({ lastCheckedAt, now }: AgentObservation): boolean {
  return lastCheckedAt === undefined || now < lastCheckedAt || now >= lastCheckedAt + RECHECK_MS;
}

/** The message of an update that ends because its version is no longer offered. */
export function withdrawnMessage(o: AgentObservation, version: string): string {
  const target = offeredVersion(o);
  const instead = target === o.host.version ? '' : `; the host is now offered ${target}`;
  return `${version} is no longer offered${instead}`;
}

/**
 * Ends an update whose version is no longer offered, on a node that is not cordoned for it. This is not a failure: it changes neither the
 * crash count nor the failed versions. The next reboot must not boot into the version.
 */
export function endWithdrawn(o: AgentObservation, version: string): Action {
  const { status } = o.host;
  const reason = withdrawnMessage(o, version);
  if (status.kind === 'known' && status.updateState === 'Ready') return tryStep(o, version, 'deactivate', reason);
  return reportWithdrawn(o, reason);
}

/**
 * Reports that an update has ended because its version is no longer offered: `ErrorReset` with another target version and without a
 * failure. An older controller resets the node, as after a failure that does not count.
 */
export function reportWithdrawn(o: AgentObservation, reason: string): Action {
  const status = {
    ...observedStatus(o),
    target_version: offeredVersion(o),
    current_state: 'ErrorReset' as const,
    progress: null,
    failure_message: null,
  };
  return { kind: 'report', reason, status: isUpToDate(o) ? cleared(status) : status };
}
