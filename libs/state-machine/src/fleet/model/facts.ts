import type { BottlerocketShadow, ObservedShadow, ShadowFault, ShadowState, ShadowStatus } from '@brupop/crd-models';
import { deadlineOf } from './deadlines.ts';
import { absenceOf, type Absence } from './absence.ts';
import type { FleetObservation, NodeObservation } from './observation.ts';
import type { FleetPolicy } from './policy.ts';

/**
 * How the reported state of a node compares with the desired one: both `Idle` (`idle`), not yet equal (`working`), equal (`reached`),
 * failed (`failed`), and desired `Idle` but not reported yet (`recovering`). `absent`: the node has no shadow.
 */
export type NodePhase = 'absent' | 'idle' | 'working' | 'reached' | 'failed' | 'recovering';

/** The status of a node whose agent has not reported yet. */
export const NOT_REPORTED: ShadowStatus = { current_version: '', target_version: '', current_state: 'Idle', crash_count: 0 };

/** What the rules ask about a node, computed once per plan. */
export interface Facts {
  readonly node: NodeObservation;
  readonly shadow: BottlerocketShadow | undefined;
  /** Why the shadow is invalid; undefined: it is valid, or there is none. */
  readonly fault: ShadowFault | undefined;
  /** The last report of its agent, or {@link NOT_REPORTED}. */
  readonly status: ShadowStatus;
  readonly phase: NodePhase;
  /** The state in the spec of its shadow; `Idle` without a shadow. */
  readonly desired: ShadowState;
  /** `undefined`: the node has no agent pod. */
  readonly agentReady: boolean | undefined;
  /** Whether the leading controller runs on it. */
  readonly leader: boolean;
  /** Whether the operator owns a cordon or a load-balancer exclusion of the node. */
  readonly owned: boolean;
  /** Whether the update may have disrupted the pods of the node since it was last idle. */
  readonly disrupting: boolean;
  /** Whether the node can run pods, or is unavailable for another reason than its update. */
  readonly available: boolean;
  /** Milliseconds since the epoch; undefined: the node is not being updated. */
  readonly deadline: number | undefined;
  /** Past its deadline. */
  readonly stuck: boolean;
  /** What is not Ready during the update, and since when; undefined: everything is Ready, or the node is not being updated. */
  readonly absence: Absence | undefined;
  /** Not Ready for longer than a reboot should take. */
  readonly lost: boolean;
}

/** A node that has a shadow. */
export type ShadowedFacts = Facts & { readonly shadow: BottlerocketShadow };

/** The facts about a node with this shadow, which may differ from the observed one. */
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
    // An older apiserver cordons without an annotation, so during an update any cordon may be that of the operator.
    available: !disrupting || (node.ready && !node.unschedulable && !owned),
    deadline,
    stuck: deadline !== undefined && now >= deadline,
    absence,
    lost: absence?.until !== undefined && now >= absence.until,
  };
}

function phaseOf(shadow: BottlerocketShadow | undefined): NodePhase {
  if (shadow === undefined) return 'absent';
  const desired = shadow.spec.state;
  const reported = shadow.status?.current_state ?? 'Idle';
  if (desired === 'Idle') return reported === 'Idle' ? 'idle' : 'recovering';
  // The controller never writes ErrorReset to a spec: a user has requested a reset.
  if (reported === 'ErrorReset' || desired === 'ErrorReset') return 'failed';
  return desired === reported ? 'reached' : 'working';
}

/** Whether the agent may drain and reboot, or was allowed to before its update was canceled. */
function isDisrupting(shadow: BottlerocketShadow | undefined, phase: NodePhase): boolean {
  if (shadow === undefined || phase === 'idle') return false;
  const harmless: readonly (ShadowState | undefined)[] = [undefined, 'Idle', 'StagedAndPerformedUpdate'];
  const begun = (shadow.status?.progress ?? undefined) !== undefined;
  return begun || !harmless.includes(shadow.spec.state) || !harmless.includes(shadow.status?.current_state);
}

/** Whether a node is unavailable, and its spec, which would say whether an update did that, is invalid. */
function mayBeOurs({ ready, unschedulable }: NodeObservation, fault: ShadowFault | undefined): boolean {
  return fault?.specKnown === false && (!ready || unschedulable);
}

/** Whether an agent that may reboot has begun to, as far as is known. */
export function hasBegun({ shadow, available }: Facts): boolean {
  return !available || (shadow?.status?.progress ?? undefined) !== undefined;
}

/**
 * Whether the node uses one of the slots of `maxConcurrentUpdates`: it is being updated, or an update made it unavailable. A stuck node
 * keeps its slot only while it is unavailable.
 */
export function holdsSlot(facts: Facts): boolean {
  const { phase, stuck, available, disrupting } = facts;
  // With a valid shadow, these are disrupting only if the operator owns a cordon or an exclusion.
  if (phase === 'absent' || phase === 'idle') return disrupting;
  return isStaged(facts) || !stuck || !available;
}

/** Whether the node is staged: it waits for the controller to allow its reboot. */
export function isStaged({ phase, desired }: Facts): boolean {
  return phase === 'reached' && desired === 'StagedAndPerformedUpdate';
}
