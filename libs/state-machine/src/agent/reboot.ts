import { LIMITS } from '@brupop/crd-models';
import type { ProgressStep, ShadowProgress } from '@brupop/crd-models';
import { endWithdrawn, isCheckOld, offerOf, reportWithdrawn, seemsGone, UPDATE_WITHDRAWN, withdrawnMessage } from './offer.ts';
import { restoreIfOwned, giveNodeBack, outcomeOf, stepOrPause, waitWhileBusy } from './outcomes.ts';
import { busyPastDeadline } from './stage.ts';
import { reportBlocked, reportFailure, reportGivingBack, reportProgress, reportReached, reportReturning, timeOf } from './status.ts';
import type { Blame } from './status.ts';
import { isLate, tryStep } from './try-step.ts';
import { HOST_UNREACHABLE } from './unreachable.ts';
import type { Action, AgentObservation, StepOutcome } from './types.ts';

/** Boots the host into `version`: exclude, drain, reboot, return. Every step is written down before it is taken. */
export function decideReboot(o: AgentObservation, version: string): Action {
  const progress = progressTowards(o, version);
  if (o.host.version === version) return comeBack(o, version, progress);
  // What an update to another version holds is given back: this one may not come as far.
  if (progress === undefined) return restoreIfOwned(o, 'The reboot into another version was canceled') ?? begin(o, version);
  if (progress.step === 'Returning') return giveUp(o, version, progress);
  if (progress.boot_id !== o.bootId) return reportGivingBack(o, version, rolledBack(o, version), blameFor(o));

  if (progress.reason === HOST_UNREACHABLE) return reportBlocked(o, progress, undefined, doing(progress.step, version));

  const obstacle = whyNotReady(o, version);
  if (obstacle === 'busy') {
    const overdue = o.now >= startOf(o, progress) + o.settings.stageTimeoutMs;
    return overdue ? reportGivingBack(o, version, 'The host was still busy at the deadline', 'other') : waitWhileBusy(o);
  }
  const isOver = isRebootAsked(o, progress) ? undefined : (withdrawn(o, version) ?? recheck(o, version));
  if (isOver !== undefined) return isOver;
  if (obstacle !== undefined) return reportGivingBack(o, version, obstacle, 'other');

  switch (progress.step) {
    case 'Excluding':
      return exclude(o, version, progress);
    case 'Draining':
      return drain(o, version, progress);
    case 'Rebooting':
      return reboot(o, version, progress);
  }
}

/** The progress of this update; that of another is of no use. */
function progressTowards(o: AgentObservation, version: string): ShadowProgress | undefined {
  const progress = o.shadow.status?.progress;
  return progress?.version === version ? progress : undefined;
}

function comeBack(o: AgentObservation, version: string, progress: ShadowProgress | undefined): Action {
  const reason = `The host runs ${version}`;
  if (progress?.step !== 'Returning') return reportProgress(o, 'Returning', version, reason);
  return comingBack(o, progress, reason) ?? reportReached(o, 'RebootedIntoUpdate', reason);
}

/** {@link giveNodeBack}, with what refuses it shown. */
function comingBack(o: AgentObservation, progress: ShadowProgress, reason: string): Action | undefined {
  const refused = [outcomeOf(o, 'uncordon'), outcomeOf(o, 'remove-lb-exclusion')].find((outcome) => outcome?.done === false);
  return tellRefusal(o, progress, refused) ?? giveNodeBack(o, reason);
}

/** The first report that the API server refuses a step, in its words; the step is tried again all the same. */
function tellRefusal(o: AgentObservation, progress: ShadowProgress, outcome: StepOutcome | undefined): Action | undefined {
  const blocked = outcome?.done === false ? outcome.blocked : undefined;
  return blocked !== undefined && isNews(progress, blocked) ? reportBlocked(o, progress, blocked, blocked.message) : undefined;
}

/**
 * Nothing has been disturbed yet: a reboot that cannot succeed, or into a version that is no longer offered, is not begun. However long the node has waited for its
 * turn, the host looks for updates once more; one that cannot is not drained.
 */
function begin(o: AgentObservation, version: string): Action {
  const obstacle = whyNotReady(o, version);
  if (hasBootedBack(o, version, obstacle === undefined)) return reportFailure(o, version, rolledBack(o, version), blameFor(o));
  if (obstacle === 'busy') return isLate(o) ? reportFailure(o, version, busyPastDeadline(o), 'other') : waitWhileBusy(o);
  const offer = offerOf(o, version);
  if (offer === 'gone') return endWithdrawn(o, version);
  if (offer === 'unchecked' && (obstacle === undefined || seemsGone(o, version)) && o.host.status.kind === 'known') {
    return tryStep(o, version, 'refresh', `Checking before the drain that ${version} is still offered`);
  }
  if (obstacle !== undefined) return reportFailure(o, version, obstacle, 'other');
  const health = outcomeOf(o, 'check-health');
  // What is unhealthy before the drain must not be held against the version afterwards. Where nobody can tell, everything is.
  if (health === undefined) return { kind: 'check-health', reason: 'Recording what is unhealthy on the node before the drain' };
  const before = { unhealthy_before: health.unhealthy?.slice(0, LIMITS.unhealthyBefore) ?? null };
  return o.settings.excludeFromLbWaitMs > 0
    ? reportProgress(o, 'Excluding', version, doing('Excluding', version), before)
    : reportProgress(o, 'Draining', version, doing('Draining', version), before);
}

/**
 * The host was ready for `version`, or ran it, when it last reported, and has been rebooted since: not by us, but in vain all the same. One that is ready, as it says,
 * has not been rebooted since: then the boot that is told is older than the state, which an agent of Brupop 1.x has reported.
 */
function hasBootedBack(o: AgentObservation, version: string, isReady: boolean): boolean {
  const status = o.shadow.status;
  if (status?.target_version !== version || status.boot_id === undefined || status.boot_id === o.bootId) return false;
  return status.current_state === 'StagedAndPerformedUpdate' ? !isReady : status.current_state !== 'Idle';
}

/** What is reported of a step that gets on. */
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

/** Whether the host may be going down at our request: what it would install does not matter any more. */
function isRebootAsked(o: AgentObservation, { step }: ShadowProgress): boolean {
  return step === 'Rebooting' && outcomeOf(o, 'reboot')?.done === true;
}

/** Gives the node back, without counting a failure, if its update is no longer offered. */
function withdrawn(o: AgentObservation, version: string): Action | undefined {
  return offerOf(o, version) === 'gone' ? reportReturning(o, version, withdrawnMessage(o, version), UPDATE_WITHDRAWN) : undefined;
}

/**
 * Looks for updates when that was long ago, or when the host would by now install something else. A refresh that fails proves nothing: the offer held when the
 * drain began, and an empty node is not kept waiting.
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
    return reportGivingBack(o, version, `The node could not be excluded from load balancers: ${excluded.message}`, 'other');
  const refusal = tellRefusal(o, progress, excluded);
  if (refusal !== undefined) return refusal;
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

// An agent that was away for long knows nothing of who has uncordoned the node meanwhile.
const DRAINED_FOR_MS = 60_000;

function isDrained(o: AgentObservation): boolean {
  const drained = outcomeOf(o, 'cordon-and-drain');
  return drained?.done === true && o.now >= drained.at && o.now < drained.at + DRAINED_FOR_MS;
}

function keepDraining(o: AgentObservation, version: string, progress: ShadowProgress): Action {
  const drained = outcomeOf(o, 'cordon-and-drain');
  // Only after a try: the agent may have been away past the deadline, and the node may be empty by now.
  if (drained?.done === false && (drained.final === true || o.now >= startOf(o, progress) + o.settings.drainTimeoutMs)) {
    return reportGivingBack(
      o,
      version,
      `The drain did not finish before the deadline: ${blockOf(drained, progress) ?? drained.message}`,
      'other',
    );
  }
  // Whoever looks at the shadow shall see why while it lasts, not when the drain has been given up.
  if (drained !== undefined && (isNews(progress, drained.blocked) || isNotice(progress, drained)))
    return reportBlocked(o, progress, drained.blocked, drained.notice ?? 'Draining the node', drained.until);
  return stepOrPause(o, 'cordon-and-drain', 'Draining the node');
}

/** What blocked the drain; whoever gives it up need not say so again. */
function blockOf({ blocked }: StepOutcome, { reason, message }: ShadowProgress): string | undefined {
  return blocked?.message ?? ((reason ?? null) === null ? undefined : message);
}

function isNews(progress: ShadowProgress, blocked: StepOutcome['blocked']): boolean {
  if (blocked === undefined) return (progress.reason ?? null) !== null;
  return blocked.reason !== progress.reason || blocked.message !== progress.message;
}

// By the message alone: one that a pod with a long grace period has left behind is not worth a write, and an older resource does not keep `until`.
function isNotice({ message }: ShadowProgress, { blocked, notice }: StepOutcome): boolean {
  return blocked === undefined && notice !== undefined && notice !== message;
}

function reboot(o: AgentObservation, version: string, progress: ShadowProgress): Action {
  const asked = outcomeOf(o, 'reboot');
  // Asked again if the wall clock has gone back since: to wait for the time that it showed might take for ever.
  if (asked === undefined || o.now < asked.at)
    return isDrained(o) ? { kind: 'reboot', reason: `Rebooting into ${version}` } : keepDraining(o, version, progress);
  if (!asked.done) return askAgain(o, version, progress, `The host refused to reboot: ${asked.message}`);
  const until = asked.at + o.settings.rebootTimeoutMs;
  return o.now < until
    ? { kind: 'wait', reason: 'The host is going down', until }
    : reportGivingBack(o, version, 'The host accepted the reboot but did not go down before the deadline', 'other');
}

// What inhibits a reboot is mostly short, and giving the node back would mean to drain it twice.
const REFUSED_FOR_MS = 2 * 60_000;

function askAgain(o: AgentObservation, version: string, progress: ShadowProgress, refusal: string): Action {
  const waitedMs = o.now - startOf(o, progress);
  // Less than nothing if the clock has gone back: the wait might take for ever.
  const isPatient = waitedMs >= 0 && waitedMs < Math.min(REFUSED_FOR_MS, o.settings.rebootTimeoutMs);
  if (!isPatient) return reportGivingBack(o, version, refusal, 'other');
  const blocked = { reason: 'RebootRefused', message: refusal };
  if (isNews(progress, blocked)) return reportBlocked(o, progress, blocked, refusal);
  return stepOrPause(o, isDrained(o) ? 'reboot' : 'cordon-and-drain', `Rebooting into ${version}`);
}

function giveUp(o: AgentObservation, version: string, progress: ShadowProgress): Action {
  const known = o.shadow.status?.failure_message;
  if (progress.reason === UPDATE_WITHDRAWN) return giveBackWithdrawn(o, version, known ?? withdrawnMessage(o, version));
  // It was returning because the update had succeeded, and has since booted back.
  if (known === undefined || known === null) {
    return reportGivingBack(
      o,
      version,
      progress.boot_id === o.bootId ? `The host does not run ${version}` : rolledBack(o, version),
      'version',
    );
  }
  return comingBack(o, progress, known) ?? reportFailure(o, version, known, 'other');
}

function giveBackWithdrawn(o: AgentObservation, version: string, reason: string): Action {
  const { status } = o.host;
  const returning = giveNodeBack(o, reason);
  if (returning !== undefined) return returning;
  if (status.kind === 'busy' && !isLate(o)) return waitWhileBusy(o);
  const isReady = status.kind === 'known' && status.updateState === 'Ready' && status.stagedVersion === version;
  // Not insisted on: the node is not to hang on it.
  return isReady && outcomeOf(o, 'deactivate') === undefined ? { kind: 'deactivate', reason } : reportWithdrawn(o, reason);
}

/** Why the host would not boot into `version`; `busy` if it cannot tell yet. */
function whyNotReady(o: AgentObservation, version: string): string | undefined {
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

/** A host that comes up with yet another version does not tell against the one that it was to run: by the time of the download the repository offered a newer one. */
function blameFor(o: AgentObservation): Blame {
  return o.host.version === o.shadow.status?.current_version ? 'version' : 'other';
}

function rolledBack(o: AgentObservation, version: string): string {
  return `The host did not boot into ${version}; it runs ${o.host.version}`;
}

// A time that cannot be read counts as the present: the step gets its whole time rather than none.
function startOf(o: AgentObservation, progress: ShadowProgress): number {
  return timeOf(progress.since) ?? o.now;
}
