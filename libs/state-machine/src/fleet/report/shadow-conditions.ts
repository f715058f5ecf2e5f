import { LIMITS, type BottlerocketShadow } from '@brupop/crd-models';
import { formatTimestamp, shortenText, type Condition } from '@brupop/kube-objects';
import { updateCheckFailure } from '../../update-check.ts';
import { withoutUpdate } from '../rules/eligibility-rules.ts';
import { drainBlockedBy } from '../rules/drain-blocked.ts';
import { severityOf } from './severity.ts';
import type { FleetHold } from '../model/plan.ts';
import { HOLD_REASONS, type HoldReason } from '../model/reasons.ts';

/** The types of the conditions that the controller writes to a shadow, in their order. */
export const CONDITION_TYPES = ['Updating', 'Drained', 'Stuck', 'Healthy'] as const;
/** One of {@link CONDITION_TYPES}. */
export type ConditionType = (typeof CONDITION_TYPES)[number];

/**
 * The statuses and reasons of each condition, and what they mean. In addition `Healthy` uses the reason of a hold that needs attention, and
 * `Updating` that of any hold that keeps an idle node from its update: `False`, or `Unknown` if the agent cannot report.
 */
export const CONDITION_FINDINGS: Readonly<Record<ConditionType, Readonly<Record<string, string>>>> = {
  Updating: {
    'True UpdateInProgress': 'An update is under way; the message names the version.',
    'True Recovering': 'The agent is restoring the node after an update.',
    'False UpdatePending': 'A newer version is available and the node waits for its update; `/plan` says why.',
    'False UpToDate': 'The last check for updates found no newer version; `update_check` in the status says when it ran.',
    'Unknown NotChecked': 'The host has not completed a check for updates since it booted.',
    'Unknown UpdateCheckUnknown': 'The agent is an older one that does not report when the host last checked for updates.',
    'Unknown UpdateCheckFailing': 'No check for updates has succeeded for at least half an hour; the message says why.',
  },
  Drained: {
    'True DrainedForReboot': 'The node is drained and is rebooting.',
    'False DrainBlocked': 'The drain, the cordon or the uncordon is blocked; the message names the cause.',
    'False NotDrained': 'The node is not drained for an update.',
  },
  Stuck: {
    'True DeadlinePassed': 'A step of an update is past its deadline.',
    'False WithinDeadline': 'No step of an update is past its deadline.',
  },
  Healthy: {
    'True NoTrouble': 'The updates of this node need no attention.',
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
const NO_TROUBLE: Finding = { status: 'True', reason: 'NoTrouble', message: 'The updates of this node need no attention' };

/**
 * Whether the conditions of a shadow are current, or it has no status to carry them.
 * @param hold why its node takes no step now
 */
export function carriesConditions(shadow: BottlerocketShadow, hold: FleetHold): boolean {
  return changedConditions(shadow, hold)?.length === 0;
}

/** The types of conditions that are out of date; undefined: all, because their order or number differs. None without a status. */
export function changedConditions(shadow: BottlerocketShadow, hold: FleetHold): readonly ConditionType[] | undefined {
  const { status } = shadow;
  if (status === undefined || status === null) return [];
  const carried = status.conditions ?? [];
  if (carried.length !== CONDITION_TYPES.length || !CONDITION_TYPES.every((type, at) => carried[at]?.type === type)) return undefined;
  return CONDITION_TYPES.filter((type, at) => !matches(carried[at], find(type, shadow, hold)));
}

/**
 * The conditions that a shadow should have.
 * @param hold why its node takes no step now
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

/** Messages quote agents and other servers. The API server would reject a message that is too long, and with it all conditions. */
function find(type: ConditionType, shadow: BottlerocketShadow, hold: FleetHold): Finding {
  const finding = FIND[type](shadow, hold);
  const message = shortenText(finding.message, LIMITS.conditionMessage);
  return message === finding.message ? finding : { ...finding, message };
}

/** Why an idle node is not being updated. A reason that affects the whole fleet at once is written late, see `conditionsDue`. */
export function updating(shadow: BottlerocketShadow, hold: FleetHold): Finding {
  const { spec, status } = shadow;
  const { reason, message } = hold;
  const { severity, updating: isUpdating } = HOLD_REASONS[reason];
  if (spec.state !== 'Idle')
    return { status: 'True', reason: 'UpdateInProgress', message: `Updating to ${spec.version ?? 'another version'}` };
  if (isUpdating) return { status: 'True', reason: 'Recovering', message: 'The agent is restoring the node after the update' };
  // The last report of an agent that no longer reports may be outdated. It is kept while the hold may pass by itself.
  if (severity === 'lasting')
    return severityOf(hold) === 'trouble' ? { status: 'Unknown', reason, message } : (carriedWait(shadow) ?? reported(status));
  if (reason === 'UpdateCheckFailing') return { status: 'Unknown', reason, message };
  return NO_UPDATE.has(reason) ? reported(status) : { status: 'False', reason, message };
}

/** Holds of nodes without a known update. */
const NO_UPDATE: ReadonlySet<HoldReason> = new Set(['UpToDate', 'NotChecked', 'UpdateCheckUnknown']);

/** The last report of the agent. The time of the last check is left out because it changes each hour. */
function reported(status: BottlerocketShadow['status']): Finding {
  if (status == null) return { status: 'Unknown', reason: 'UpdateCheckUnknown', message: 'The agent has not reported yet' };
  const failure = updateCheckFailure(status);
  if (failure !== undefined) return { status: 'Unknown', reason: 'UpdateCheckFailing', message: failure };
  const { current_version, target_version } = status;
  if (current_version !== target_version) {
    return { status: 'False', reason: 'UpdatePending', message: `Waiting for the update from ${current_version} to ${target_version}` };
  }
  const { reason, message } = withoutUpdate(status);
  return { status: reason === 'UpToDate' ? 'False' : 'Unknown', reason, message };
}

/** Whether a condition says why a node waits for an available update. */
export function isWait({ type, status, reason }: Pick<Condition, 'type' | 'status' | 'reason'>): boolean {
  return type === 'Updating' && status === 'False' && reason !== 'UpToDate';
}

/** Why the node waits, as its shadow says, for the update that it still reports. A restart of the agent is not worth two writes. */
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
    return { status: 'True', reason: 'DrainedForReboot', message: 'The node is drained and is rebooting' };
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

function matches(carried: Condition | undefined, { status, reason, message }: Finding): boolean {
  return carried?.status === status && carried.reason === reason && carried.message === message;
}
