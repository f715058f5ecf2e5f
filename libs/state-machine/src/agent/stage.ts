import { imageOf } from './image.ts';
import { endWithdrawn, isAfter, offerOf } from './offer.ts';
import { lastOutcome, outcomeOf, waitWhileBusy } from './outcomes.ts';
import { reportFailure, reportReached } from './status.ts';
import { isLate, tryStep } from './try-step.ts';
import type { Action, AgentObservation, HostUpdateStatus } from './types.ts';
import { saysNothing } from './update-check.ts';

type KnownStatus = Extract<HostUpdateStatus, { kind: 'known' }>;

/** Brings the host to `Ready` for `version`, whatever it is at. Holds nothing on the node. */
export function decideStage(o: AgentObservation, version: string): Action {
  if (o.host.version === version) return reportReached(o, 'StagedAndPerformedUpdate', `The host already runs ${version}`);
  const status = o.host.status;
  switch (status.kind) {
    case 'busy':
      return isLate(o) ? reportFailure(o, version, busyPastDeadline(o), 'other') : waitWhileBusy(o);
    case 'uninitialized':
      return tryStep(o, version, 'refresh', 'The host has not checked for updates since it booted');
    case 'known':
      return decideKnown(o, version, status);
  }
}

/** Why a host that is still busy at the deadline counts as failed. */
export function busyPastDeadline(o: AgentObservation): string {
  const last = lastOutcome(o);
  return `The host was still busy at the deadline${last === undefined || last.done ? '' : `: ${last.message}`}`;
}

function decideKnown(o: AgentObservation, version: string, status: KnownStatus): Action {
  switch (status.updateState) {
    case 'Idle':
      return choose(o, version, `The host has no available update to ${version}`);
    case 'Unknown':
      return choose(o, version, `The host reports an unknown update state (${status.unknownState ?? ''})`);
    case 'Available':
      return status.chosenVersion === version
        ? prepare(o, version)
        : choose(o, version, `The host would install ${named(status.chosenVersion)}, not ${version}`);
    case 'Staged':
      return decideStaged(o, version, status);
    case 'Ready':
      if (status.stagedVersion !== version)
        return tryStep(o, version, 'deactivate', `The host would boot into ${named(status.stagedVersion)}, not ${version}`);
      if (status.chosenVersion !== version)
        return choose(o, version, `The host would install ${named(status.chosenVersion)}, not ${version}`);
      return reportReached(o, 'StagedAndPerformedUpdate', `The host is ready to boot into ${version}`);
  }
}

/** Lets the host choose anew; if it has just done so, it is not offered `version`. */
function choose(o: AgentObservation, version: string, why: string): Action {
  if (offerOf(o, version) === 'gone') return endWithdrawn(o, version);
  const isSilent = o.host.status.kind === 'known' && saysNothing(o.host.status, o.host.version);
  return tryStep(o, version, 'refresh', isSilent ? 'The updater of the host reports success but lists no version' : why);
}

/** Makes an image the next to boot once it is known that it is the image of `version`. */
function decideStaged(o: AgentObservation, version: string, status: KnownStatus): Action {
  const image = imageOf(status, version, o.downloaded);
  if (image === 'wrong') return choose(o, version, `The updater has not downloaded ${version}`);
  if (status.chosenVersion !== version) {
    const why =
      status.stagedVersion === version ? `would install ${named(status.chosenVersion)}` : `has staged ${named(status.stagedVersion)}`;
    return choose(o, version, `The host ${why}, not ${version}`);
  }
  if (status.stagedVersion !== version) return prepare(o, version);
  if (image === 'right') return activate(o, version);
  // Whoever has downloaded it, and whatever it is.
  if (outcomeOf(o, 'prepare')?.done !== true) return prepare(o, version);
  // It does not say what it has downloaded: what is offered now was offered then.
  return isAfter(o, 'refresh', 'prepare') && outcomeOf(o, 'refresh')?.done === true
    ? activate(o, version)
    : tryStep(o, version, 'refresh', `Checking that the downloaded version is ${version}`);
}

function prepare(o: AgentObservation, version: string): Action {
  return tryStep(o, version, 'prepare', `Downloading ${version} to the staging partition`);
}

/** Of a version that the host would still install. */
function activate(o: AgentObservation, version: string): Action {
  const reason = `Activating ${version}`;
  const last = lastOutcome(o);
  if (last?.step === 'refresh' && outcomeOf(o, 'activate')?.done === false) return { kind: 'activate', reason };
  if (last?.step !== 'activate' || !hasFailedToActivate(o) || isLate(o) || o.now < last.at + o.settings.retryMs) {
    return tryStep(o, version, 'activate', reason, isVersionToBlame(o) ? 'version' : 'other');
  }
  // After a failed second download the host still says Staged, but the image is gone: activate fails until it is there again.
  if (!hasJustDownloaded(o)) return prepare(o, version);
  // Of a version that was withdrawn the updater downloads nothing, and calls it a success: there is no image, and there will be none.
  return { kind: 'refresh', reason: `Checking that ${version} is still offered, because the host cannot activate it` };
}

// An image is large, and may be gone all the same.
const DOWNLOAD_AGAIN_MS = 5 * 60_000;

/** Whether the image should be there: then something else keeps the host from activating it. */
function hasJustDownloaded(o: AgentObservation): boolean {
  const prepared = outcomeOf(o, 'prepare');
  return prepared?.done === true && o.now >= prepared.at && o.now < prepared.at + DOWNLOAD_AGAIN_MS;
}

// A download fails by the mirror or by the way to it, and an activation after a failed download for want of the image.
function isVersionToBlame(o: AgentObservation): boolean {
  return hasFailedToActivate(o) && outcomeOf(o, 'prepare')?.done !== false;
}

/** Whether the host itself has tried in vain; it may also have been busy, or without an answer. */
function hasFailedToActivate({ host: { status } }: AgentObservation): boolean {
  return status.kind === 'known' && status.mostRecentCommand?.type === 'activate' && !status.mostRecentCommand.succeeded;
}

function named(version: string | undefined): string {
  return version ?? 'an unknown version';
}
