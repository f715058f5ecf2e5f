import type { BottlerocketShadow, ShadowState } from '@brupop/crd-models';
import { parseTimestamp } from '../../timestamps.ts';
import { objection, STEP_RULES } from './eligibility-rules.ts';
import { deletion, specChange } from '../model/changes.ts';
import { hasBegun, type ShadowedFacts } from '../model/facts.ts';
import { drainBlockedBy } from './drain-blocked.ts';
import type { FleetChange, FleetHold } from '../model/plan.ts';
import type { ChangeReason, HoldReason } from '../model/reasons.ts';
import { withdrawnUpdate } from '../../withdrawn.ts';
import { LEFT_UNAVAILABLE, type RuleContext } from './rule.ts';

/** The result of a rule for a node; undefined if the rule does not apply. */
export type Verdict = FleetChange | FleetHold | undefined;
type Rule = (facts: ShadowedFacts, context: RuleContext) => Verdict;

/**
 * The next step of a running update, as far as it makes no node unavailable. First reactions to reports of agents, which are never
 * outdated; then the ways out of an update; then waiting.
 */
export const PROGRESS_RULES: readonly Rule[] = [
  resetAfterError,
  startMonitoring,
  finishAfterSoak,
  leaveUnmanaged,
  giveUpWhenStuck,
  giveUpWhenBlocked,
  withdrawPermissionOutsideWindow,
  waitForAgent,
];

export const isChange = (verdict: Verdict): verdict is FleetChange => verdict !== undefined && 'kind' in verdict;

/** @returns a change or a hold; undefined if only eligibility and the budget decide about the next step of the node */
export function progress(facts: ShadowedFacts, context: RuleContext): Verdict {
  for (const rule of PROGRESS_RULES) {
    const verdict = rule(facts, context);
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}

function resetAfterError(facts: ShadowedFacts, { now }: RuleContext): Verdict {
  if (facts.phase !== 'failed') return undefined;
  const { version, target } = withdrawnUpdate(facts.shadow) ?? {};
  if (version !== undefined) return change(facts, 'Idle', null, now, 'UpdateWithdrawn', withdrawnMessage(version, target));
  const cause = facts.status.failure_message ?? 'the agent reported a failure';
  return change(facts, 'Idle', null, now, 'ResetAfterError', `Resetting after an error: ${cause}`);
}

function withdrawnMessage(version: string, target: string | undefined): string {
  const instead = target === undefined ? '' : `; the node is now offered ${target}`;
  return `Ending the update to ${version}, which is no longer offered${instead}`;
}

function startMonitoring(facts: ShadowedFacts, { now }: RuleContext): Verdict {
  if (facts.phase !== 'reached' || facts.desired !== 'RebootedIntoUpdate') return undefined;
  const version = facts.shadow.spec.version ?? null;
  return change(facts, 'MonitoringUpdate', version, now, 'MonitoringStarted', `Monitoring after the reboot into ${String(version)}`);
}

function finishAfterSoak(facts: ShadowedFacts, { policy, now }: RuleContext): Verdict {
  const { phase, desired, node, shadow } = facts;
  if (phase !== 'reached' || desired !== 'MonitoringUpdate') return undefined;
  if (!node.ready) return soaking(facts, 'the updated node to be Ready');
  const soakedAt = soakBegan(facts, now) + policy.soakMs;
  // A node that is never Ready for the whole soak time has failed as well. After a late interruption it gets one more soak time.
  if (soakedAt > now && facts.stuck && now >= (facts.deadline ?? now) + policy.soakMs) return giveUpMonitoring(facts, now);
  if (soakedAt > now) return soaking(facts, 'the updated node to stay Ready for the soak time', soakedAt);
  return change(facts, 'Idle', null, now, 'UpdateFinished', `Finished the update to ${String(shadow.spec.version ?? null)}`);
}

function soaking(facts: ShadowedFacts, text: string, until?: number): Verdict {
  if (facts.stuck) return hold(facts, 'Stuck', `Past the deadline, still waiting for ${text}`, until);
  return lostInUpdate(facts, text) ?? hold(facts, 'Soaking', `Waiting for ${text}`, sooner(until ?? facts.deadline, facts));
}

/** A node is not Ready for a few minutes during its reboot. One that stays so must not look like a normal update. */
function lostInUpdate(facts: ShadowedFacts, text: string): Verdict {
  const { absence, lost } = facts;
  if (absence === undefined || (absence.since !== undefined && !lost)) return undefined;
  const found = hold(facts, 'LostInUpdate', `During the update, ${absence.what}; waiting for ${text}`, facts.deadline);
  return absence.since === undefined ? found : { ...found, since: absence.since };
}

/** A node that is not Ready is checked again when it counts as lost. */
const sooner = (until: number | undefined, { absence }: ShadowedFacts): number | undefined =>
  absence?.until === undefined ? until : Math.min(until ?? Infinity, absence.until);

/** When monitoring began or the node became Ready, whichever is later. Invalid times count as long ago. */
function soakBegan({ node, shadow }: ShadowedFacts, now: number): number {
  const times = [shadow.spec.state_transition_timestamp, node.readySince].map((text) => parseTimestamp(text, now) ?? 0);
  return Math.max(...times);
}

/**
 * What must be removed from the nodes before the shadow is deleted. After the last shadow the operator may be uninstalled. An ownership
 * annotation that remained could remove someone else's cordon at the next installation.
 */
function leftovers({ node }: ShadowedFacts, { leavesTaints }: RuleContext): string | undefined {
  if (node.voidMark === true) return 'an annotation that is no longer valid';
  return leavesTaints ? 'its taint for cordoned nodes' : undefined;
}

// An update that may have disrupted pods is finished if there is an agent to finish it. Any other update is canceled. Without an agent, the
// apiserver restores the node. The shadow is deleted when nothing is left to restore.
function leaveUnmanaged(facts: ShadowedFacts, context: RuleContext): Verdict {
  const { now } = context;
  const { node, phase, desired, owned, agentReady, available, stuck } = facts;
  if (node.managed) return undefined;
  if (agentReady === undefined || phase === 'idle') {
    if (owned) return hold(facts, 'LeftUnavailable', LEFT_UNAVAILABLE);
    const left = leftovers(facts, context);
    if (left !== undefined) return hold(facts, 'LeftUnavailable', `Waiting for the apiserver to remove ${left}`);
    // The node may be rebooting, or cordoned without an annotation; after the deadline the cordon is taken for an administrator's.
    return available || (stuck && node.ready) ? goneFromFleet(facts) : undefined;
  }
  if (phase === 'recovering') return available && stuck ? goneFromFleet(facts) : undefined;
  const isCanceled =
    desired === 'StagedAndPerformedUpdate' || (desired === 'RebootedIntoUpdate' && !hasBegun(facts)) || (stuck && available);
  if (!isCanceled) return undefined;
  return change(facts, 'Idle', null, now, 'LabelRemoved', 'Canceling the update because the node lost its opt-in label');
}

function goneFromFleet(facts: ShadowedFacts): Verdict {
  return deletion(target(facts), 'LabelRemoved', 'Deleting the shadow because the node lost its opt-in label');
}

// A stuck agent must not perform its step later without a slot. The version stays in the spec as a record of the attempt.
function giveUpWhenStuck(facts: ShadowedFacts, { now }: RuleContext): Verdict {
  const { phase, desired, stuck, available, shadow } = facts;
  if (phase !== 'working' || !stuck || !available) return undefined;
  if (desired === 'MonitoringUpdate') return giveUpMonitoring(facts, now);
  const message = `Giving up because the node did not reach ${desired} before the deadline${lastFailure(facts)}`;
  return change(facts, 'Idle', shadow.spec.version ?? null, now, 'GivenUp', message);
}

// Counts as a failure of the version until the agent reports the health of the node, which keeps running the version.
function giveUpMonitoring(facts: ShadowedFacts, now: number): Verdict {
  const version = facts.shadow.spec.version ?? null;
  const message = `Giving up because the node was not healthy on ${String(version)} before the deadline${lastFailure(facts)}`;
  return change(facts, 'Idle', version, now, 'GivenUp', message);
}

// A staged node that may not reboot for a reason of its own must not make the others wait.
function giveUpWhenBlocked(facts: ShadowedFacts, context: RuleContext): Verdict {
  const { phase, desired, stuck, shadow } = facts;
  if (phase !== 'reached' || desired !== 'StagedAndPerformedUpdate' || !stuck) return undefined;
  const blocked = objection(STEP_RULES, facts, context);
  if (blocked === undefined) return undefined;
  return change(
    facts,
    'Idle',
    shadow.spec.version ?? null,
    context.now,
    'GivenUp',
    `Giving up because the node may not reboot: ${blocked.message}`,
  );
}

// An agent that is Ready may still be unable to reach the apiserver or its host, and would drain as soon as it can. An agent that begins
// now writes its progress first: then this change is rejected as outdated, and the update is finished.
function withdrawPermissionOutsideWindow(facts: ShadowedFacts, { window, now }: RuleContext): Verdict {
  const { phase, desired, shadow } = facts;
  if (window.open || phase !== 'working' || desired !== 'RebootedIntoUpdate' || hasBegun(facts)) return undefined;
  const message = 'Withdrawing the permission to reboot because the update window has closed';
  return change(facts, 'StagedAndPerformedUpdate', shadow.spec.version ?? null, now, 'WindowClosed', message);
}

function waitForAgent(facts: ShadowedFacts, { window, now }: RuleContext): Verdict {
  const { phase, desired, stuck, deadline, status, shadow } = facts;
  if (phase !== 'working' && phase !== 'recovering') return undefined;
  const doing = phase === 'recovering' ? 'clean up' : `reach ${desired}`;
  const detail = status.progress?.message ?? '';
  const text = `the agent to ${doing}${detail === '' ? lastFailure(facts) : `: ${detail}`}`;
  if (stuck) return hold(facts, 'Stuck', `Past the deadline, still waiting for ${text}`);
  const lost = lostInUpdate(facts, text);
  if (lost !== undefined) return lost;
  const permitted = desired === 'RebootedIntoUpdate' ? Math.min(deadline ?? Infinity, window.closesAt ?? Infinity) : deadline;
  const until = sooner(drainEndsAt(facts, now) ?? permitted, facts);
  const blocked = drainBlockedBy(shadow);
  if (blocked !== undefined) return hold(facts, 'DrainBlocked', blocked.message, until);
  if (desired === 'MonitoringUpdate' && (status.failure_message ?? '') !== '') {
    return hold(facts, 'UnhealthyAfterUpdate', status.failure_message ?? '', until);
  }
  return hold(facts, phase === 'recovering' ? 'Recovering' : 'InProgress', `Waiting for ${text}`, until);
}

/** When the current drain ends by itself, as its agent reported; at the latest at the deadline. A closing window does not end a drain. */
function drainEndsAt({ phase, deadline, status }: ShadowedFacts, now: number): number | undefined {
  const { step, until } = status.progress ?? {};
  const endsAt = phase === 'working' && step === 'Draining' ? parseTimestamp(until ?? undefined, now) : undefined;
  return endsAt === undefined || endsAt <= now ? undefined : Math.min(endsAt, deadline ?? Infinity);
}

/** The last failure, of this attempt or of an earlier one, as the end of a message. */
function lastFailure({ desired, status }: ShadowedFacts): string {
  const isOfThisStep = desired === 'StagedAndPerformedUpdate' || desired === 'MonitoringUpdate';
  const failure = isOfThisStep ? (status.failure_message ?? '') : '';
  return failure === '' ? '' : `; last failure: ${failure}`;
}

const target = ({ node, shadow }: ShadowedFacts): { node: string; shadow: BottlerocketShadow } => ({ node: node.name, shadow });

function change(
  facts: ShadowedFacts,
  state: ShadowState,
  version: string | null,
  now: number,
  reason: ChangeReason,
  message: string,
): Verdict {
  return specChange(target(facts), state, version, now, reason, message);
}

function hold({ node }: ShadowedFacts, reason: HoldReason, message: string, until?: number): FleetHold {
  return { node: node.name, reason, message, ...(until === undefined ? {} : { until }) };
}
