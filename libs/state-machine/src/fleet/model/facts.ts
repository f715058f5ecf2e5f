import type { BottlerocketShadow, ObservedShadow, ShadowFault, ShadowState, ShadowStatus } from '@brupop/crd-models';
import { deadlineOf } from './deadlines.ts';
import { absenceOf } from './absence.ts';
import type { Absence } from './absence.ts';
import type { FleetObservation, NodeObservation } from './observation.ts';
import type { FleetPolicy } from './policy.ts';

/**
 * Where a node is between what it was told and what it reported: nothing asked (`idle`), asked and not there (`working`), there (`reached`),
 * failed and not yet told to clean up (`failed`), told to clean up (`recovering`).
 */
export type NodePhase = 'absent' | 'idle' | 'working' | 'reached' | 'failed' | 'recovering';

/** Stands for the status of a node whose agent has not reported yet. */
export const NOT_REPORTED: ShadowStatus = { current_version: '', target_version: '', current_state: 'Idle', crash_count: 0 };

/** What the rules ask about one node, worked out once. */
export interface Facts {
  readonly node: NodeObservation;
  readonly shadow: BottlerocketShadow | undefined;
  /** Why the shadow cannot be read as a whole; undefined: it can, or there is none. */
  readonly fault: ShadowFault | undefined;
  /** What its agent reported last, or {@link NOT_REPORTED}. */
  readonly status: ShadowStatus;
  readonly phase: NodePhase;
  /** What it was told; `Idle` without a shadow. */
  readonly desired: ShadowState;
  /** `undefined`: the node has no agent pod. */
  readonly agentReady: boolean | undefined;
  readonly leader: boolean;
  /** Whether it still carries what an update of ours put on it: a cordon, or an exclusion from load balancers. */
  readonly owned: boolean;
  /** Whether an update of ours may have disturbed the node's pods since it last was idle. */
  readonly disrupting: boolean;
  /** Whether the node would serve pods, or is unavailable through no doing of ours. */
  readonly available: boolean;
  /** Milliseconds since the epoch; undefined: the node has nothing to do. */
  readonly deadline: number | undefined;
  /** Past its deadline. */
  readonly stuck: boolean;
  /** What is not Ready in an update, and since when; undefined: nothing, or the node has nothing to do. */
  readonly absence: Absence | undefined;
  /** Not Ready for longer than a reboot should take, as far as the cluster says since when. */
  readonly lost: boolean;
}

/** A node that has a shadow. */
export type ShadowedFacts = Facts & { readonly shadow: BottlerocketShadow };

/** The facts of a node with this shadow, which need not be the one observed. */
export function factsOf(
  node: NodeObservation,
  shadow: ObservedShadow | undefined,
  observation: FleetObservation,
  policy: FleetPolicy,
  now: number,
): Facts {
  const { agents, leaderNodeName } = observation;
  const phase = phaseOf(shadow);
  const owned = node.cordonedByUs || node.excludedByUs;
  const fault = shadow?.fault;
  const disrupting = owned || isDisrupting(shadow, phase) || mayBeOurs(node, fault);
  const isBusy = shadow !== undefined && phase !== 'idle';
  const deadline = isBusy ? deadlineOf(shadow, policy, now) : undefined;
  const absence = isBusy ? absenceOf(node, shadow, observation, now) : undefined;
  return {
    node,
    shadow,
    fault,
    status: shadow?.status ?? NOT_REPORTED,
    phase,
    desired: shadow?.spec.state ?? 'Idle',
    agentReady: agents.get(node.name),
    leader: node.name === leaderNodeName,
    owned,
    disrupting,
    // An older apiserver cordons without a mark, so during an update any cordon may be ours.
    available: !disrupting || (node.ready && !node.unschedulable && !owned),
    deadline,
    stuck: deadline !== undefined && now >= deadline,
    absence,
    lost: absence?.until !== undefined && now >= absence.until,
  };
}

function phaseOf(shadow: BottlerocketShadow | undefined): NodePhase {
  if (shadow === undefined) return 'absent';
  const told = shadow.spec.state;
  const reported = shadow.status?.current_state ?? 'Idle';
  if (told === 'Idle') return reported === 'Idle' ? 'idle' : 'recovering';
  // Nobody but a person writes ErrorReset to a spec; what they want is a reset.
  if (reported === 'ErrorReset' || told === 'ErrorReset') return 'failed';
  return told === reported ? 'reached' : 'working';
}

/** Whether this state of things lets the agent drain and reboot, or let it before it was told to stop. */
function isDisrupting(shadow: BottlerocketShadow | undefined, phase: NodePhase): boolean {
  if (shadow === undefined || phase === 'idle') return false;
  const harmless: readonly (ShadowState | undefined)[] = [undefined, 'Idle', 'StagedAndPerformedUpdate'];
  const begun = (shadow.status?.progress ?? undefined) !== undefined;
  return begun || !harmless.includes(shadow.spec.state) || !harmless.includes(shadow.status?.current_state);
}

/** Whether a node is unavailable, and the spec that would say whether it was told to be is illegal. */
function mayBeOurs({ ready, unschedulable }: NodeObservation, fault: ShadowFault | undefined): boolean {
  return fault?.specKnown === false && (!ready || unschedulable);
}

/** Whether an agent told to reboot has begun to, as far as can be seen. */
export function hasBegun({ shadow, available }: Facts): boolean {
  return !available || (shadow?.status?.progress ?? undefined) !== undefined;
}

/**
 * Whether the node takes one of the slots of `maxConcurrentUpdates`: it is being updated, or we made it unavailable and it has not come
 * back. One that is stuck keeps its slot only while it is unavailable.
 */
export function holdsSlot(facts: Facts): boolean {
  const { phase, stuck, available, disrupting } = facts;
  // Of a legal shadow only a mark makes these disrupting.
  if (phase === 'absent' || phase === 'idle') return disrupting;
  return waitsForUs(facts) || !stuck || !available;
}

/** Whether the node is staged: it has done its part, and does no more before it is told to. */
export function waitsForUs({ phase, desired }: Facts): boolean {
  return phase === 'reached' && desired === 'StagedAndPerformedUpdate';
}
