import { imageOf } from './image.ts';
import { endWithdrawn, isAfter, offerOf } from './offer.ts';
import { lastOutcome, outcomeOf, waitWhileBusy } from './outcomes.ts';
import { reportFailure, reportReached } from './status.ts';
import { isLate, tryStep } from './try-step.ts';
import type { Action, AgentObservation, HostUpdateStatus } from './types.ts';
import { saysNothing } from './update-check.ts';

type KnownStatus = Extract<HostUpdateStatus, { kind: 'known' }>;

/** Brings the host to `Ready` for `version` from any state. Does not disrupt the node. */
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

/** The message for a host that is still busy at the deadline. */
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

/** Lets the host choose a version again. If it has just done so, it is no longer offered `version`. */
function choose(o: AgentObservation, version: string, cause: string): Action {
  if (offerOf(o, version) === 'gone') return endWithdrawn(o, version);
  const isSilent = o.host.status.kind === 'known' && saysNothing(o.host.status, o.host.version);
  return tryStep(o, version, 'refresh', isSilent ? 'The updater of the host reports success but lists no version' : cause);
}

/** Activates the staged image once it is known to be that of `version`. */
function decideStaged(o: AgentObservation, version: string, status: KnownStatus): Action {
  const image = imageOf(status, version, o.downloaded);
  if (image === 'wrong') return choose(o, version, `The updater has not downloaded ${version}`);
  if (status.chosenVersion !== version) {
    const action =
      status.stagedVersion === version ? `would install ${named(status.chosenVersion)}` : `has staged ${named(status.stagedVersion)}`;
    return choose(o, version, `The host ${action}, not ${version}`);
  }
  if (status.stagedVersion !== version) return prepare(o, version);
  if (image === 'right') return activate(o, version);
  // Unknown image that someone else may have downloaded.
  if (outcomeOf(o, 'prepare')?.done !== true) return prepare(o, version);
  // The updater did not report what it downloaded. If the version is still offered, it was offered during the download.
  return isAfter(o, 'refresh', 'prepare') && outcomeOf(o, 'refresh')?.done === true
    ? activate(o, version)
    : tryStep(o, version, 'refresh', `Checking that the downloaded version is ${version}`);
}

function prepare(o: AgentObservation, version: string): Action {
  return tryStep(o, version, 'prepare', `Downloading ${version} to the staging partition`);
}

/** Activates a version that the host would still install. */
function activate(o: AgentObservation, version: string): Action {
  const reason = `Activating ${version}`;
  const last = lastOutcome(o);
  if (last?.step === 'refresh' && outcomeOf(o, 'activate')?.done === false) return { kind: 'activate', reason };
  if (last?.step !== 'activate' || !hasFailedToActivate(o) || isLate(o) || o.now < last.at + o.settings.retryMs) {
    return tryStep(o, version, 'activate', reason, isVersionToBlame(o) ? 'version' : 'other');
  }
  // After a failed second download the host still reports Staged, but the image is gone: activate fails until it is downloaded again.
  if (!hasJustDownloaded(o)) return prepare(o, version);
  // The updater reports success for a withdrawn version without a download: then there is no image.
  return { kind: 'refresh', reason: `Checking that ${version} is still offered, because the host cannot activate it` };
}

// An image is large, so it is not downloaded again at once, although it may be gone.
const DOWNLOAD_AGAIN_MS = 5 * 60_000;

/** Whether the image should exist, so that the host cannot activate it for another reason. */
function hasJustDownloaded(o: AgentObservation): boolean {
  const prepared = outcomeOf(o, 'prepare');
  return prepared?.done === true && o.now >= prepared.at && o.now < prepared.at + DOWNLOAD_AGAIN_MS;
}

// A failed download is the fault of the mirror or the network, and so is a failed activation after it.
function isVersionToBlame(o: AgentObservation): boolean {
  return hasFailedToActivate(o) && outcomeOf(o, 'prepare')?.done !== false;
}

/** Whether the host itself failed to activate the version. Otherwise it was busy or did not respond. */
function hasFailedToActivate({ host: { status } }: AgentObservation): boolean {
  return status.kind === 'known' && status.mostRecentCommand?.type === 'activate' && !status.mostRecentCommand.succeeded;
}

function named(version: string | undefined): string {
  return version ?? 'an unknown version';
}
