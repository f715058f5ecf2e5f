import { LIMITS, shortenText, type BottlerocketShadow, type Condition } from '@brupop/crd-models';
import { formatTimestamp } from '../../timestamps.ts';
import { updateCheckFailure } from '../../update-check.ts';
import { withoutUpdate } from '../rules/eligibility-rules.ts';
import { drainBlockedBy } from '../rules/drain-blocked.ts';
import { severityOf } from './severity.ts';
import type { FleetHold } from '../model/plan.ts';
import { HOLD_REASONS } from '../model/reasons.ts';
import type { HoldReason } from '../model/reasons.ts';

/** The types of condition that the controller keeps on a shadow, in the order in which they are written. */
export const CONDITION_TYPES = ['Updating', 'Drained', 'Stuck', 'Healthy'] as const;
/** One of {@link CONDITION_TYPES}. */
export type ConditionType = (typeof CONDITION_TYPES)[number];

/**
 * What each condition may say besides its message: status and reason, and what they mean. `Healthy` takes the reason of a hold that needs attention, too, and
 * `Updating` that of any hold that keeps an idle node from its update: `False`, or `Unknown` where it keeps the agent from being heard.
 */
export const CONDITION_FINDINGS: Readonly<Record<ConditionType, Readonly<Record<string, string>>>> = {
  Updating: {
    'True UpdateInProgress': 'An update is under way; the message names the version.',
    'True Recovering': 'The agent undoes what an update has left on the node.',
    'False UpdatePending': 'There is another version, and the node waits to be updated to it; `/plan` says what for.',
    'False UpToDate': 'The last check for updates offered nothing newer; `update_check` in the status says when that was.',
    'Unknown NotChecked': 'The host has not checked for updates with success since it booted.',
    'Unknown UpdateCheckUnknown': 'The agent, an older one, does not report when the host last checked for updates.',
    'Unknown UpdateCheckFailing': 'No check for updates has succeeded for half an hour or more; the message says why.',
  },
  Drained: {
    'True DrainedForReboot': 'The node is drained and reboots.',
    'False DrainBlocked': 'The drain, the cordon or the uncordon is blocked; the message says by what.',
    'False NotDrained': 'The node is not drained, or not yet.',
  },
  Stuck: {
    'True DeadlinePassed': 'A step of an update has taken longer than its deadline.',
    'False WithinDeadline': 'No step has.',
  },
  Healthy: {
    'True NoTrouble': 'Nothing about the updates of this node needs attention.',
  },
};

type Finding = Pick<Condition, 'status' | 'reason' | 'message'>;

const FIND: Readonly<Record<ConditionType, (shadow: BottlerocketShadow, hold: FleetHold) => Finding>> = {
  Updating: updating,
  Drained: drained,
  Stuck: stuck,
  Healthy: healthy,
};

const NOT_DRAINED: Finding = { status: 'False', reason: 'NotDrained', message: 'The node is not drained for an update' };
const WITHIN_DEADLINE: Finding = { status: 'False', reason: 'WithinDeadline', message: 'No step of an update is past its deadline' };
const NO_TROUBLE: Finding = { status: 'True', reason: 'NoTrouble', message: 'Nothing about the updates of this node needs attention' };

/**
 * Whether a shadow carries the conditions that it should, or has no status that could. A node that is about to be changed is told of once it is held again.
 * @param hold why its node is left as it is
 */
export function carriesConditions(shadow: BottlerocketShadow, hold: FleetHold): boolean {
  return otherConditions(shadow, hold)?.length === 0;
}

/** The types of the conditions that a shadow should carry with other words; undefined: all, in another order or number. None of a shadow without a status. */
export function otherConditions(shadow: BottlerocketShadow, hold: FleetHold): readonly ConditionType[] | undefined {
  const { status } = shadow;
  if (status === undefined || status === null) return [];
  const carried = status.conditions ?? [];
  if (carried.length !== CONDITION_TYPES.length || !CONDITION_TYPES.every((type, at) => carried[at]?.type === type)) return undefined;
  return CONDITION_TYPES.filter((type, at) => !says(carried[at], find(type, shadow, hold)));
}

/**
 * The conditions that a shadow should carry, in place of those that it carries.
 * @param hold why its node is left as it is
 * @param now milliseconds since the epoch
 */
export function shadowConditions(shadow: BottlerocketShadow, hold: FleetHold, now: number): readonly Condition[] {
  const carried = shadow.status?.conditions ?? [];
  return CONDITION_TYPES.map((type): Condition => {
    const finding = find(type, shadow, hold);
    const before = carried.find((condition) => condition.type === type);
    return { type, ...finding, lastTransitionTime: before?.status === finding.status ? before.lastTransitionTime : formatTimestamp(now) };
  });
}

/** The message quotes agents and foreign servers: a longer one would be refused, and with it all conditions. */
function find(type: ConditionType, shadow: BottlerocketShadow, hold: FleetHold): Finding {
  const finding = FIND[type](shadow, hold);
  const message = shortenText(finding.message, LIMITS.conditionMessage);
  return message === finding.message ? finding : { ...finding, message };
}

/** Why an idle node is not being updated, or that there is nothing to update to. What comes over the whole fleet at once is written late, see `conditionsDue`. */
export function updating(shadow: BottlerocketShadow, hold: FleetHold): Finding {
  const { spec, status } = shadow;
  const { reason, message } = hold;
  const { severity, updating: isUpdating } = HOLD_REASONS[reason];
  if (spec.state !== 'Idle')
    return { status: 'True', reason: 'UpdateInProgress', message: `Updating to ${spec.version ?? 'another version'}` };
  if (isUpdating) return { status: 'True', reason: 'Recovering', message: 'The agent is cleaning up after the update' };
  // What the agent reported before it fell silent may no longer be true. For as long as that may pass by itself it stands.
  if (severity === 'lasting')
    return severityOf(hold) === 'trouble' ? { status: 'Unknown', reason, message } : (carriedWait(shadow) ?? reported(status));
  if (reason === 'UpdateCheckFailing') return { status: 'Unknown', reason, message };
  return NO_UPDATE.has(reason) ? reported(status) : { status: 'False', reason, message };
}

/** Holds that say that there is nothing to update to, as far as is known. */
const NO_UPDATE: ReadonlySet<HoldReason> = new Set(['UpToDate', 'NotChecked', 'UpdateCheckUnknown']);

/** What the agent has reported, without why the node waits. The time of the last check is left out: it changes each hour. */
function reported(status: BottlerocketShadow['status']): Finding {
  if (status == null) return { status: 'Unknown', reason: 'UpdateCheckUnknown', message: 'The agent has not reported yet' };
  const failure = updateCheckFailure(status);
  if (failure !== undefined) return { status: 'Unknown', reason: 'UpdateCheckFailing', message: failure };
  const { current_version, target_version } = status;
  if (current_version !== target_version) {
    return { status: 'False', reason: 'UpdatePending', message: `Waiting to be updated from ${current_version} to ${target_version}` };
  }
  const { reason, message } = withoutUpdate(status);
  return { status: reason === 'UpToDate' ? 'False' : 'Unknown', reason, message };
}

/** Whether a condition says why a node waits for an update that it could have. */
export function isWait({ type, status, reason }: Pick<Condition, 'type' | 'status' | 'reason'>): boolean {
  return type === 'Updating' && status === 'False' && reason !== 'UpToDate';
}

/** What the shadow carries of why the node waits for the update that it still reports. An agent that restarts is no news that is worth two writes. */
function carriedWait({ status }: BottlerocketShadow): Finding | undefined {
  if (status == null || status.current_version === status.target_version || updateCheckFailure(status) !== undefined) return undefined;
  const carried = status.conditions?.find(isWait);
  return carried && { status: carried.status, reason: carried.reason, message: carried.message };
}

function drained(shadow: BottlerocketShadow, hold: FleetHold): Finding {
  const blocked = drainBlockedBy(shadow);
  const isBrief = hold.reason === 'DrainBlocked' && severityOf(hold) === 'quiet';
  if (blocked !== undefined && !isBrief) return { status: 'False', reason: 'DrainBlocked', message: blocked.message };
  if (shadow.status?.progress?.step === 'Rebooting') {
    return { status: 'True', reason: 'DrainedForReboot', message: 'The node is drained and reboots' };
  }
  return NOT_DRAINED;
}

function stuck(_shadow: BottlerocketShadow, { reason, message }: FleetHold): Finding {
  if (reason === 'Stuck') return { status: 'True', reason: 'DeadlinePassed', message };
  return WITHIN_DEADLINE;
}

function healthy(_shadow: BottlerocketShadow, hold: FleetHold): Finding {
  if (severityOf(hold) === 'trouble') return { status: 'False', reason: hold.reason, message: hold.message };
  return NO_TROUBLE;
}

function says(carried: Condition | undefined, { status, reason, message }: Finding): boolean {
  return carried?.status === status && carried.reason === reason && carried.message === message;
}
