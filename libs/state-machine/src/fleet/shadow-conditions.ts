import { LIMITS, shortenText, type BottlerocketShadow, type Condition } from '@brupop/crd-models';
import { formatTimestamp } from '../timestamps.ts';
import { updateCheckFailure } from '../update-check.ts';
import { upToDateMessage } from './admission-rules.ts';
import { drainBlockedBy } from './drain-blocked.ts';
import { loudnessOf } from './loudness.ts';
import type { FleetHold } from './plan.ts';
import { HOLD_REASONS } from './reasons.ts';

/** The types of condition that the controller keeps on a shadow, in the order in which they are written. */
export const CONDITION_TYPES = ['Updating', 'Drained', 'Stuck', 'Healthy'] as const;
/** One of {@link CONDITION_TYPES}. */
export type ConditionType = (typeof CONDITION_TYPES)[number];

/** What each condition may say besides its message: status and reason, and what they mean. `Healthy` takes the reason of a hold that needs attention, too. */
export const CONDITION_FINDINGS: Readonly<Record<ConditionType, Readonly<Record<string, string>>>> = {
  Updating: {
    'True UpdateInProgress': 'An update is under way; the message names the version.',
    'True Recovering': 'The agent undoes what an update has left on the node.',
    'False UpdatePending': 'There is another version, and the node waits to be updated to it; `/plan` tells what for.',
    'False UpToDate': 'The node runs the newest version that it is offered.',
    'Unknown UpdateCheckFailing': 'The host has long been unable to look for updates; the message says why.',
  },
  Drained: {
    'True DrainedForReboot': 'The node is drained and reboots.',
    'False DrainBlocked': 'The drain gets no further; the message names the pod and what keeps it.',
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
  const { status } = shadow;
  if (status === undefined || status === null) return true;
  const carried = status.conditions ?? [];
  return (
    carried.length === CONDITION_TYPES.length && CONDITION_TYPES.every((type, at) => says(carried[at], type, find(type, shadow, hold)))
  );
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

// Told by the shadow alone: the reasons why a node waits come over the whole fleet at once, and would be a storm of writes.
function updating({ spec, status }: BottlerocketShadow, { reason }: FleetHold): Finding {
  if (spec.state !== 'Idle')
    return { status: 'True', reason: 'UpdateInProgress', message: `Updating to ${spec.version ?? 'another version'}` };
  if (HOLD_REASONS[reason].updating) return { status: 'True', reason: 'Recovering', message: 'The agent is cleaning up after the update' };
  const failure = status == null ? undefined : updateCheckFailure(status);
  if (failure !== undefined) return { status: 'Unknown', reason: 'UpdateCheckFailing', message: failure };
  const { current_version = '', target_version = '' } = status ?? {};
  return current_version === target_version
    ? { status: 'False', reason: 'UpToDate', message: upToDateMessage(current_version) }
    : { status: 'False', reason: 'UpdatePending', message: `Waiting to be updated from ${current_version} to ${target_version}` };
}

function drained(shadow: BottlerocketShadow, hold: FleetHold): Finding {
  const blocked = drainBlockedBy(shadow);
  const isBrief = hold.reason === 'DrainBlocked' && loudnessOf(hold) === 'quiet';
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
  if (loudnessOf(hold) === 'trouble') return { status: 'False', reason: hold.reason, message: hold.message };
  return NO_TROUBLE;
}

function says(carried: Condition | undefined, type: ConditionType, { status, reason, message }: Finding): boolean {
  return carried?.type === type && carried.status === status && carried.reason === reason && carried.message === message;
}
