import { outcomeOf } from './outcomes.ts';
import { cleared, observedStatus } from './status.ts';
import { tryStep } from './try-step.ts';
import type { Action, AgentObservation, AgentStep } from './types.ts';
import { isUpToDate, offeredVersion, saysNothing } from './update-check.ts';

/** Of an update that ended because its version is no longer offered: `reason` of the progress while the node is given back. */
export const UPDATE_WITHDRAWN = 'UpdateWithdrawn';

// Long enough for the decisions that follow a refresh, too short for anything else to be built on it.
const FRESH_MS = 2 * 60_000;

/** Whether the host is offered a version: `unchecked` unless a refresh of ours has just succeeded. */
export type Offer = 'offered' | 'gone' | 'unchecked';

/** Whether the host is offered `version`, by a refresh that has succeeded since the shadow last changed, and since the last download. */
export function offerOf(o: AgentObservation, version: string): Offer {
  const { status } = o.host;
  if (status.kind !== 'known' || status.updateState === 'Unknown') return 'unchecked';
  if (!hasJustChecked(o) || saysNothing(status, o.host.version)) return 'unchecked';
  if (status.updateState !== 'Idle') return status.chosenVersion === version ? 'offered' : 'gone';
  // A refresh that fails after ours ends in Idle, too, and proves nothing.
  return status.mostRecentCommand?.succeeded === false ? 'unchecked' : 'gone';
}

function hasJustChecked(o: AgentObservation): boolean {
  const checked = outcomeOf(o, 'refresh');
  return checked?.done === true && o.now >= checked.at && o.now < checked.at + FRESH_MS && isAfter(o, 'refresh', 'prepare');
}

/** Whether `step` has ended later than `other`, or `other` has not been taken. */
export function isAfter(o: AgentObservation, step: AgentStep, other: AgentStep): boolean {
  const steps = (o.outcomes ?? []).map((outcome) => outcome.step);
  return steps.indexOf(step) > steps.indexOf(other);
}

/** Whether the host itself says that it would install something else than `version`, or nothing; a refresh has to confirm it. */
export function seemsGone({ host: { status } }: AgentObservation, version: string): boolean {
  return status.kind === 'known' && status.updateState !== 'Unknown' && (status.updateState === 'Idle' || status.chosenVersion !== version);
}

// A drain may last for days, and what is withdrawn meanwhile must not be booted.
const RECHECK_MS = 10 * 60_000;

/** Whether it is long ago that the host looked for updates, as far as this process knows. */
export function isCheckOld({ lastCheckedAt, now }: AgentObservation): boolean {
  return lastCheckedAt === undefined || now < lastCheckedAt || now >= lastCheckedAt + RECHECK_MS;
}

/** Why an update ends whose version is no longer offered. One sentence. */
export function withdrawnMessage(o: AgentObservation, version: string): string {
  const target = offeredVersion(o);
  const instead = target === o.host.version ? '' : `; the host is now offered ${target}`;
  return `${version} is no longer offered${instead}`;
}

/**
 * Ends an update whose version is no longer offered to a node that we do not hold. It does not count as a failure: no count goes up, and no version is remembered.
 * The next reboot must not boot into it.
 */
export function endWithdrawn(o: AgentObservation, version: string): Action {
  const { status } = o.host;
  const reason = withdrawnMessage(o, version);
  if (status.kind === 'known' && status.updateState === 'Ready') return tryStep(o, version, 'deactivate', reason);
  return reportWithdrawn(o, reason);
}

/**
 * Reports that an update has ended because its version is no longer offered. `ErrorReset` with a target other than the permitted version and without a
 * failure: controllers that do not know it reset the node, as after a failure that counts nothing.
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
