import { isSameFailure, lastOutcome, outcomeOf, stepOrPause, waitWhileBusy } from './outcomes.ts';
import { reportFailure, reportReached, reportTrouble, timeOf } from './status.ts';
import type { Action, AgentObservation, AgentStep, HostUpdateStatus, StepOutcome } from './types.ts';

/** Brings the host to `Ready` for `version`, whatever it is at. Holds nothing on the node. */
export function decideStage(o: AgentObservation, version: string): Action {
  if (o.host.version === version) return reportReached(o, 'StagedAndPerformedUpdate', `The host already runs ${version}`);
  const status = o.host.status;
  switch (status.kind) {
    case 'busy':
      return isLate(o) ? reportFailure(o, version, busyPastDeadline(o), 'other') : waitWhileBusy(o);
    case 'uninitialized':
      return tryStep(o, version, 'refresh', 'The host has not looked for updates since it booted');
    case 'known':
      return decideKnown(o, version, status);
  }
}

function busyPastDeadline(o: AgentObservation): string {
  const last = lastOutcome(o);
  return `The host stayed busy past the deadline${last === undefined || last.done ? '' : `: ${last.message}`}`;
}

function decideKnown(o: AgentObservation, version: string, status: Extract<HostUpdateStatus, { kind: 'known' }>): Action {
  switch (status.updateState) {
    case 'Idle':
      return choose(o, version, 'The host knows of no update');
    case 'Unknown':
      return choose(o, version, `The host reports an unknown update state (${status.unknownState ?? ''})`);
    case 'Available':
      return status.chosenVersion === version
        ? prepare(o, version)
        : choose(o, version, `The host would install ${named(status.chosenVersion)}`);
    case 'Staged':
      if (status.stagedVersion === version) return activate(o, version, status.chosenVersion);
      return status.chosenVersion === version
        ? prepare(o, version)
        : choose(o, version, `The host has staged ${named(status.stagedVersion)}`);
    case 'Ready':
      return status.stagedVersion === version
        ? reportReached(o, 'StagedAndPerformedUpdate', `The host is ready to boot into ${version}`)
        : tryStep(o, version, 'deactivate', `The host would boot into ${named(status.stagedVersion)}`);
  }
}

/** Lets the host choose anew; if it has just done so, it will not choose `version`. */
function choose(o: AgentObservation, version: string, why: string): Action {
  const last = lastOutcome(o);
  if (last?.step === 'refresh' && last.done) return reportFailure(o, version, `${why}, not ${version}, even after a refresh`, 'other');
  return tryStep(o, version, 'refresh', `${why}, not ${version}`);
}

function prepare(o: AgentObservation, version: string): Action {
  return tryStep(o, version, 'prepare', `Downloading ${version} to the staging partition`);
}

function activate(o: AgentObservation, version: string, chosen: string | undefined): Action {
  const reason = `Making ${version} the next to boot`;
  const last = lastOutcome(o);
  const tried = outcomeOf(o, 'activate');
  if (last?.step === 'refresh' && tried?.done === false) {
    if (!last.done || chosen === version) return { kind: 'activate', reason };
    return reportFailure(o, version, `${reason}: ${tried.message}; and by now the host would install ${named(chosen)}`, 'other');
  }
  if (last?.step !== 'activate' || !hasFailedToActivate(o) || isLate(o) || o.now < last.at + o.settings.retryMs) {
    return tryStep(o, version, 'activate', reason);
  }
  // After a failed second download the host still says Staged, but the image is gone: activate fails until it is there again.
  if (chosen === version && !hasJustDownloaded(o)) return prepare(o, version);
  // Of a version that was withdrawn the updater downloads nothing, and calls it a success: there is no image, and there will be none.
  return { kind: 'refresh', reason: `Looking whether the host would still install ${version}, which it cannot make the next to boot` };
}

// An image is large, and may be gone all the same.
const DOWNLOAD_AGAIN_MS = 5 * 60_000;

/** Whether the image should be there: then something else keeps the host from activating it. */
function hasJustDownloaded(o: AgentObservation): boolean {
  const prepared = outcomeOf(o, 'prepare');
  return prepared?.done === true && o.now >= prepared.at && o.now < prepared.at + DOWNLOAD_AGAIN_MS;
}

/** A step that failed is tried again until the deadline. It is tried once even past it: the agent may have been away. */
function tryStep(o: AgentObservation, version: string, step: AgentStep, reason: string): Action {
  const before = outcomeOf(o, step);
  // The host is asked for a step again only because it has not brought the host further, whatever its outcome says.
  if (before !== undefined && isLate(o)) {
    return reportFailure(o, version, `${reason}: ${before.message}`, isVersionToBlame(o, step) ? 'version' : 'other');
  }
  return tellFailure(o, reason, before) ?? stepOrPause(o, step, reason);
}

/** Whoever looks at the shadow shall see why while it is tried again, not when it has been given up. */
function tellFailure(o: AgentObservation, step: string, outcome: StepOutcome | undefined): Action | undefined {
  // What has been followed by another step may be mended.
  if (outcome === undefined || outcome.done || outcome !== lastOutcome(o)) return undefined;
  const message = `${step}: ${outcome.message}`;
  const told = o.shadow.status?.failure_message ?? '';
  return isSameFailure(told, message) ? undefined : reportTrouble(o, message);
}

// A download fails by the mirror or by the way to it, and an activation after a failed download for want of the image.
function isVersionToBlame(o: AgentObservation, step: AgentStep): boolean {
  return step === 'activate' && hasFailedToActivate(o) && outcomeOf(o, 'prepare')?.done !== false;
}

/** Whether the host itself has tried in vain; it may also have been busy, or without an answer. */
function hasFailedToActivate({ host: { status } }: AgentObservation): boolean {
  return status.kind === 'known' && status.mostRecentCommand?.type === 'activate' && !status.mostRecentCommand.succeeded;
}

function isLate(o: AgentObservation): boolean {
  const since = timeOf(o.shadow.spec.state_transition_timestamp);
  return since !== undefined && o.now >= since + o.settings.stageTimeoutMs;
}

function named(version: string | undefined): string {
  return version ?? 'no known version';
}
