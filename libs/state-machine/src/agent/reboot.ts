import { timestampMs } from '@brupop/kube-objects';
import { LIMITS, type ProgressStep, type ShadowProgress } from '@brupop/crd-models';
import { endWithdrawn, isCheckOld, offerOf, reportWithdrawn, seemsGone, UPDATE_WITHDRAWN, withdrawnMessage } from './offer.ts';
import { restoreIfOwned, restoreNode, outcomeOf, stepOrPause, waitWhileBusy } from './outcomes.ts';
import { busyPastDeadline } from './stage.ts';
import { reportBlocked, reportFailure, reportRestoring, reportProgress, reportReached, reportReturning, type Blame } from './status.ts';
import { isLate, tryStep } from './try-step.ts';
import { HOST_UNREACHABLE } from './unreachable.ts';
import type { Action, AgentObservation, StepOutcome } from './types.ts';

/** Boots the host into `version`: exclude, drain, reboot, return. Every step is reported before it is performed. */
export function decideReboot(o: AgentObservation, version: string): Action {
  const progress = progressTowards(o, version);
  if (o.host.version === version) return finish(o, version, progress);
  // A node that is cordoned for an update to another version is restored: this update may not get to its drain.
  if (progress === undefined) return restoreIfOwned(o, 'The reboot into another version was canceled') ?? begin(o, version);
  if (progress.step === 'Returning') return giveUp(o, version, progress);
  if (progress.boot_id !== o.bootId) return reportRestoring(o, version, rolledBack(o, version), blameFor(o));

  if (progress.reason === HOST_UNREACHABLE) return reportBlocked(o, progress, undefined, doing(progress.step, version));

  const obstacle = obstacleTo(o, version);
  if (obstacle === 'busy') {
    const overdue = o.now >= startOf(o, progress) + o.settings.stageTimeoutMs;
    return overdue ? reportRestoring(o, version, 'The host was still busy at the deadline', 'other') : waitWhileBusy(o);
  }
  const check = isRebootAccepted(o, progress) ? undefined : (withdrawn(o, version) ?? recheck(o, version));
  if (check !== undefined) return check;
  if (obstacle !== undefined) return reportRestoring(o, version, obstacle, 'other');

  switch (progress.step) {
    case 'Excluding':
      return exclude(o, version, progress);
    case 'Draining':
      return drain(o, version, progress);
    case 'Rebooting':
      return reboot(o, version, progress);
  }
}

/** The progress of this update; undefined if it is that of another version. */
function progressTowards(o: AgentObservation, version: string): ShadowProgress | undefined {
  const progress = o.shadow.status?.progress;
  return progress?.version === version ? progress : undefined;
}

function finish(o: AgentObservation, version: string, progress: ShadowProgress | undefined): Action {
  const reason = `The host runs ${version}`;
  if (progress?.step !== 'Returning') return reportProgress(o, 'Returning', version, reason);
  return restoreWithProgress(o, progress, reason) ?? reportReached(o, 'RebootedIntoUpdate', reason);
}

/** {@link restoreNode}, with a report if the API server rejects a step. */
function restoreWithProgress(o: AgentObservation, progress: ShadowProgress, reason: string): Action | undefined {
  const rejected = [outcomeOf(o, 'uncordon'), outcomeOf(o, 'remove-lb-exclusion')].find((outcome) => outcome?.done === false);
  return newRejection(o, progress, rejected) ?? restoreNode(o, reason);
}

/** Reports once that the API server rejects a step. The step is retried. */
function newRejection(o: AgentObservation, progress: ShadowProgress, outcome: StepOutcome | undefined): Action | undefined {
  const blocked = outcome?.done === false ? outcome.blocked : undefined;
  return blocked !== undefined && isBlockNew(progress, blocked) ? reportBlocked(o, progress, blocked, blocked.message) : undefined;
}

/**
 * The node has not been disrupted yet, so a reboot that cannot succeed, or into a version that is no longer offered, does not begin. The
 * host checks for updates again, however long the node has waited. If it cannot, the node is not drained.
 */
function begin(o: AgentObservation, version: string): Action {
  const obstacle = obstacleTo(o, version);
  if (hasBootedBack(o, version, obstacle === undefined)) return reportFailure(o, version, rolledBack(o, version), blameFor(o));
  if (obstacle === 'busy') return isLate(o) ? reportFailure(o, version, busyPastDeadline(o), 'other') : waitWhileBusy(o);
  const offer = offerOf(o, version);
  if (offer === 'gone') return endWithdrawn(o, version);
  if (offer === 'unchecked' && (obstacle === undefined || seemsGone(o, version)) && o.host.status.kind === 'known') {
    return tryStep(o, version, 'refresh', `Checking before the drain that ${version} is still offered`);
  }
  if (obstacle !== undefined) return reportFailure(o, version, obstacle, 'other');
  const health = outcomeOf(o, 'check-health');
  // The version must not be blamed for what is unhealthy before the drain. If that is unknown, it is blamed for everything.
  if (health === undefined) return { kind: 'check-health', reason: 'Recording what is unhealthy on the node before the drain' };
  const before = { unhealthy_before: health.unhealthy?.slice(0, LIMITS.unhealthyBefore) ?? null };
  return o.settings.excludeFromLbWaitMs > 0
    ? reportProgress(o, 'Excluding', version, doing('Excluding', version), before)
    : reportProgress(o, 'Draining', version, doing('Draining', version), before);
}

/**
 * Whether someone else has rebooted the host since it was ready for `version` or ran it, and the host booted back. A host that reports to
 * be ready has not rebooted since: then the reported boot ID is older than the state, which an agent of Brupop 1.x has reported.
 */
function hasBootedBack(o: AgentObservation, version: string, isReady: boolean): boolean {
  const status = o.shadow.status;
  if (status?.target_version !== version || status.boot_id === undefined || status.boot_id === o.bootId) return false;
  return status.current_state === 'StagedAndPerformedUpdate' ? !isReady : status.current_state !== 'Idle';
}

/** The message of a step that makes progress. */
function doing(step: Exclude<ProgressStep, 'Returning'>, version: string): string {
  switch (step) {
    case 'Excluding':
      return 'Excluding the node from load balancers';
    case 'Draining':
      return 'Draining the node';
    case 'Rebooting':
      return `Rebooting into ${version}`;
  }
}

/** Whether the host has accepted the reboot and may be going down: then it no longer matters what it would install. */
function isRebootAccepted(o: AgentObservation, { step }: ShadowProgress): boolean {
  return step === 'Rebooting' && outcomeOf(o, 'reboot')?.done === true;
}

/** Restores the node, without counting a failure, if its version is no longer offered. */
function withdrawn(o: AgentObservation, version: string): Action | undefined {
  return offerOf(o, version) === 'gone' ? reportReturning(o, version, withdrawnMessage(o, version), UPDATE_WITHDRAWN) : undefined;
}

/**
 * Checks for updates if the last check is long ago, or if the host would now install another version. A refresh that fails proves nothing:
 * the version was offered when the drain began, and a drained node does not wait.
 */
function recheck(o: AgentObservation, version: string): Action | undefined {
  const { status } = o.host;
  if (status.kind !== 'known') return undefined;
  const isDue = isCheckOld(o) || (seemsGone(o, version) && outcomeOf(o, 'refresh') === undefined);
  return isDue ? { kind: 'refresh', reason: `Checking that ${version} is still offered` } : undefined;
}

function exclude(o: AgentObservation, version: string, progress: ShadowProgress): Action {
  const excluded = outcomeOf(o, 'exclude-from-lb');
  if (excluded?.final === true)
    return reportRestoring(o, version, `The node could not be excluded from load balancers: ${excluded.message}`, 'other');
  const rejection = newRejection(o, progress, excluded);
  if (rejection !== undefined) return rejection;
  if (excluded?.done !== true) return stepOrPause(o, 'exclude-from-lb', 'Excluding the node from load balancers');
  const until = Math.min(excluded.since ?? excluded.at, excluded.at) + o.settings.excludeFromLbWaitMs;
  return o.now < until
    ? { kind: 'wait', reason: 'Waiting for load balancers to stop sending traffic to the node', until }
    : reportProgress(o, 'Draining', version, doing('Draining', version));
}

function drain(o: AgentObservation, version: string, progress: ShadowProgress): Action {
  if (isDrained(o)) return reportProgress(o, 'Rebooting', version, doing('Rebooting', version));
  return keepDraining(o, version, progress);
}

// After this time someone may have uncordoned the node without the agent having observed it.
const DRAINED_FOR_MS = 60_000;

function isDrained(o: AgentObservation): boolean {
  const drained = outcomeOf(o, 'cordon-and-drain');
  return drained?.done === true && o.now >= drained.at && o.now < drained.at + DRAINED_FOR_MS;
}

function keepDraining(o: AgentObservation, version: string, progress: ShadowProgress): Action {
  const drained = outcomeOf(o, 'cordon-and-drain');
  // Only after an attempt: the agent may have been down until after the deadline, and the node may be empty now.
  if (drained?.done === false && (drained.final === true || o.now >= startOf(o, progress) + o.settings.drainTimeoutMs)) {
    return reportRestoring(
      o,
      version,
      `The drain did not finish before the deadline: ${blockOf(drained, progress) ?? drained.message}`,
      'other',
    );
  }
  // Reported while the drain is blocked, not only when it is given up.
  if (drained !== undefined && (isBlockNew(progress, drained.blocked) || isNoticeNew(progress, drained)))
    return reportBlocked(o, progress, drained.blocked, drained.notice ?? 'Draining the node', drained.until);
  return stepOrPause(o, 'cordon-and-drain', 'Draining the node');
}

/** What blocked the drain, from its last outcome or from the progress. */
function blockOf({ blocked }: StepOutcome, { reason, message }: ShadowProgress): string | undefined {
  return blocked?.message ?? ((reason ?? null) === null ? undefined : message);
}

function isBlockNew(progress: ShadowProgress, blocked: StepOutcome['blocked']): boolean {
  if (blocked === undefined) return (progress.reason ?? null) !== null;
  return blocked.reason !== progress.reason || blocked.message !== progress.message;
}

// Compares the message only: an outdated notice is not worth a write, and an older CustomResourceDefinition does not keep `until`.
function isNoticeNew({ message }: ShadowProgress, { blocked, notice }: StepOutcome): boolean {
  return blocked === undefined && notice !== undefined && notice !== message;
}

function reboot(o: AgentObservation, version: string, progress: ShadowProgress): Action {
  const requested = outcomeOf(o, 'reboot');
  // Requested again if the wall clock has jumped back since, because waiting until that time might take forever.
  if (requested === undefined || o.now < requested.at)
    return isDrained(o) ? { kind: 'reboot', reason: `Rebooting into ${version}` } : keepDraining(o, version, progress);
  if (!requested.done) return requestAgain(o, version, progress, `The host refused to reboot: ${requested.message}`);
  const until = requested.at + o.settings.rebootTimeoutMs;
  return o.now < until
    ? { kind: 'wait', reason: 'The host is going down', until }
    : reportRestoring(o, version, 'The host accepted the reboot but did not go down before the deadline', 'other');
}

// Reboots are usually inhibited for a short time only, and restoring the node would mean another drain.
const REFUSED_FOR_MS = 2 * 60_000;

function requestAgain(o: AgentObservation, version: string, progress: ShadowProgress, refusal: string): Action {
  const waitedMs = o.now - startOf(o, progress);
  // Negative if the wall clock has jumped back: then the wait might take forever.
  const isPatient = waitedMs >= 0 && waitedMs < Math.min(REFUSED_FOR_MS, o.settings.rebootTimeoutMs);
  if (!isPatient) return reportRestoring(o, version, refusal, 'other');
  const blocked = { reason: 'RebootRefused', message: refusal };
  if (isBlockNew(progress, blocked)) return reportBlocked(o, progress, blocked, refusal);
  return stepOrPause(o, isDrained(o) ? 'reboot' : 'cordon-and-drain', `Rebooting into ${version}`);
}

function giveUp(o: AgentObservation, version: string, progress: ShadowProgress): Action {
  const known = o.shadow.status?.failure_message;
  if (progress.reason === UPDATE_WITHDRAWN) return restoreAfterWithdrawal(o, version, known ?? withdrawnMessage(o, version));
  // The node was returning because the update had succeeded, and the host has since booted back.
  if (known === undefined || known === null) {
    return reportRestoring(
      o,
      version,
      progress.boot_id === o.bootId ? `The host does not run ${version}` : rolledBack(o, version),
      'version',
    );
  }
  return restoreWithProgress(o, progress, known) ?? reportFailure(o, version, known, 'other');
}

function restoreAfterWithdrawal(o: AgentObservation, version: string, reason: string): Action {
  const { status } = o.host;
  const returning = restoreNode(o, reason);
  if (returning !== undefined) return returning;
  if (status.kind === 'busy' && !isLate(o)) return waitWhileBusy(o);
  const isReady = status.kind === 'known' && status.updateState === 'Ready' && status.stagedVersion === version;
  // Attempted once: the update must end even if the host cannot deactivate the version.
  return isReady && outcomeOf(o, 'deactivate') === undefined ? { kind: 'deactivate', reason } : reportWithdrawn(o, reason);
}

/** Why the host would not boot into `version`; `busy` if this is not known yet; undefined if it is ready. */
function obstacleTo(o: AgentObservation, version: string): string | undefined {
  const status = o.host.status;
  switch (status.kind) {
    case 'busy':
      return 'busy';
    case 'uninitialized':
      return `The host is not ready to boot into ${version}: it no longer has a staged update`;
    case 'known':
      if (status.updateState !== 'Ready')
        return `The host is not ready to boot into ${version}: its update state is ${status.unknownState ?? status.updateState}`;
      if (status.bootsStaged === false)
        return `The host is not ready to boot into ${version}: its bootloader would boot the running version`;
      return status.stagedVersion === version
        ? undefined
        : `The host is not ready to boot into ${version}: it would boot into ${status.stagedVersion ?? 'an unknown version'}`;
  }
}

/** A host that boots into a third version does not prove that this one is bad: `prepare` may have downloaded a newer one. */
function blameFor(o: AgentObservation): Blame {
  return o.host.version === o.shadow.status?.current_version ? 'version' : 'other';
}

function rolledBack(o: AgentObservation, version: string): string {
  return `The host did not boot into ${version}; it runs ${o.host.version}`;
}

// An invalid time counts as now, so that the step gets its whole time and not none.
function startOf(o: AgentObservation, progress: ShadowProgress): number {
  return timestampMs(progress.since) ?? o.now;
}
