import type { BottlerocketShadow, Condition } from '@brupop/crd-models';
import { formatTimestamp } from '../timestamps.ts';
import type { FleetHold, HoldReason } from './plan.ts';

/** The types of condition that the controller keeps on a shadow, in the order in which they are written. */
export const CONDITION_TYPES = ['Updating', 'Drained', 'Stuck', 'Healthy'] as const;
type Finding = Pick<Condition, 'status' | 'reason' | 'message'>;

const UPDATING: readonly HoldReason[] = ['InProgress', 'Soaking', 'Recovering', 'Stuck'];
// The other holds pass by themselves, and for the whole fleet at once: told node by node, the edge of a window would be a storm of writes.
const NEEDS_ATTENTION: readonly HoldReason[] = [
  'InvalidVersion',
  'LeftUnavailable',
  'CordonedByAdministrator',
  'CrashBackoff',
  'VersionBackoff',
  'RetryBackoff',
  'Stuck',
];
const BLOCKED_BY_BUDGET = /^PodDisruptionBudget /;

/** Whether a person may have to do something about a node that is held for this reason. */
export function needsAttention(reason: HoldReason): boolean {
  return NEEDS_ATTENTION.includes(reason);
}

/** @returns what keeps the drain of this node from going on, as its agent reported it; undefined: nothing does */
export function drainBlockedBy({ status }: BottlerocketShadow): string | undefined {
  const { step, message } = status?.progress ?? {};
  return step === 'Draining' && message !== undefined && BLOCKED_BY_BUDGET.test(message) ? message : undefined;
}

/**
 * The conditions that a shadow should carry, in place of those that it carries. A node that is about to be changed is told of once it is held again.
 * @param hold why its node is left as it is
 * @param now milliseconds since the epoch
 * @returns undefined if nothing is to be written: it carries them, or has no status that could
 */
export function shadowConditions(shadow: BottlerocketShadow, hold: FleetHold, now: number): readonly Condition[] | undefined {
  const { status } = shadow;
  if (status === undefined || status === null) return undefined;
  const carried = status.conditions ?? [];
  const findings: Readonly<Record<(typeof CONDITION_TYPES)[number], Finding>> = {
    Updating: updating(shadow, hold),
    Drained: drained(shadow),
    Stuck: stuck(hold),
    Healthy: healthy(hold),
  };
  const wanted = CONDITION_TYPES.map((type): Condition => {
    const before = carried.find((condition) => condition.type === type);
    const since = before?.status === findings[type].status ? before.lastTransitionTime : formatTimestamp(now);
    return { type, ...findings[type], lastTransitionTime: since };
  });
  return wanted.length === carried.length && wanted.every((condition, index) => isSame(condition, carried[index])) ? undefined : wanted;
}

function updating({ spec }: BottlerocketShadow, { reason }: FleetHold): Finding {
  if (!UPDATING.includes(reason)) return { status: 'False', reason: 'NoUpdate', message: 'No update is under way' };
  if (spec.state === 'Idle') return { status: 'True', reason: 'Recovering', message: 'The agent is cleaning up after the update' };
  return { status: 'True', reason: 'UpdateInProgress', message: `Updating to ${spec.version ?? 'another version'}` };
}

function drained(shadow: BottlerocketShadow): Finding {
  const blocked = drainBlockedBy(shadow);
  if (blocked !== undefined) return { status: 'False', reason: 'DrainBlocked', message: blocked };
  if (shadow.status?.progress?.step === 'Rebooting') {
    return { status: 'True', reason: 'DrainedForReboot', message: 'The node is drained and reboots' };
  }
  return { status: 'False', reason: 'NotDrained', message: 'The node is not drained for an update' };
}

function stuck({ reason, message }: FleetHold): Finding {
  if (reason === 'Stuck') return { status: 'True', reason: 'DeadlinePassed', message };
  return { status: 'False', reason: 'WithinDeadline', message: 'No step of an update is past its deadline' };
}

function healthy({ reason, message }: FleetHold): Finding {
  if (needsAttention(reason)) return { status: 'False', reason, message };
  return { status: 'True', reason: 'NoTrouble', message: 'Nothing about the updates of this node needs attention' };
}

function isSame(wanted: Condition, carried: Condition | undefined): boolean {
  const keys = ['type', 'status', 'reason', 'message', 'lastTransitionTime'] as const;
  return keys.every((key) => wanted[key] === carried?.[key]);
}
