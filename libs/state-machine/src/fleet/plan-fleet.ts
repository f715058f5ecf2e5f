import { nodeNameOf, type BottlerocketShadow } from '@brupop/crd-models';
import { startOrder } from './budget/start-order.ts';
import { countAttempt } from './model/attempts.ts';
import { objection, REACH_RULES, sinceOf, START_RULES, STEP_RULES, WRITE_RULES } from './rules/eligibility-rules.ts';
import { createBudget, type Refusal } from './budget/budget.ts';
import { changed, deletion, specChange } from './model/changes.ts';
import { factsOf, holdsSlot, type Facts, type ShadowedFacts } from './model/facts.ts';
import { failingVersions } from './model/failing-versions.ts';
import { annotateWindow, fleetWindowAt } from './rules/fleet-window.ts';
import type { FailingWrite, FleetObservation } from './model/observation.ts';
import { pairShadows } from './model/pair-shadows.ts';
import type { BudgetUse, FleetChange, FleetHold, FleetPlan } from './model/plan.ts';
import type { FleetPolicy } from './model/policy.ts';
import { isChange, progress, type Verdict } from './rules/progress-rules.ts';
import { LEFT_UNAVAILABLE, type RuleContext } from './rules/rule.ts';

/**
 * Decides which nodes take which step now, and why every other node does not.
 *
 * First come the changes that make no node unavailable: resetting after errors, finishing, canceling. Then the budget that is left after
 * these changes is given first to staged nodes, which wait for their reboot, and then to idle ones, which wait for their start.
 * @param now milliseconds since the epoch
 */
export function planFleet(observation: FleetObservation, policy: FleetPolicy, now: number): FleetPlan {
  const failing = failingVersions(observation.shadows, policy, now);
  const { agentsSince = new Map<string, string>(), failingWrites = new Map<string, FailingWrite>() } = observation;
  const { overdueChecks = new Set<string>() } = observation;
  const window = fleetWindowAt(observation, policy, now);
  const context: RuleContext = {
    policy,
    window,
    failing,
    agentsSince,
    failingWrites,
    overdueChecks,
    leavesTaints: leavesTaints(observation),
    now,
  };
  const { byNode, orphans } = pairShadows(observation.nodes, observation.shadows);
  const changes: FleetChange[] = [];
  const holds: FleetHold[] = [];
  const add = (verdict: Verdict, shadow?: BottlerocketShadow): void => {
    if (isChange(verdict)) changes.push(shadow === undefined ? verdict : annotated(verdict, shadow, context));
    else if (verdict !== undefined) holds.push(verdict);
  };
  const waiting: ShadowedFacts[] = [];
  const fleet: Facts[] = [];
  observation.nodes.forEach((node, at) => {
    const facts = factsOf(node, byNode[at], observation, policy, now);
    const verdict = hasShadow(facts) ? shadowed(facts, context) : withoutShadow(facts, context);
    if (verdict === undefined && hasShadow(facts)) waiting.push(facts);
    add(verdict, facts.shadow);
    fleet.push(factsAfter(facts, verdict, observation, context));
  });
  const budget = grantBudget(fleet, waiting, context, add);
  for (const orphan of orphans) if (isDeletable(orphan) && !failingWrites.has(orphan.metadata.name)) add(deletionOf(orphan));
  return { changes, holds, window, budget, recheckAt: earliest([holds, failingWrites.values()], now) };
}

/** The change, with its annotations. */
function annotated(change: FleetChange, shadow: BottlerocketShadow, { window, policy, now }: RuleContext): FleetChange {
  return countAttempt(annotateWindow(change, shadow, window, policy, now), shadow);
}

function leavesTaints({ nodes }: FleetObservation): boolean {
  return !nodes.some(({ managed }) => managed) && nodes.some(({ taintedByUs }) => taintedByUs === true);
}

function shadowed(facts: ShadowedFacts, context: RuleContext): Verdict {
  const { fault, node } = facts;
  // The API server would reject every change of such an object.
  if (fault !== undefined) return { node: node.name, reason: 'InvalidShadow', message: `The shadow is invalid: ${fault.message}` };
  return writable(progress(facts, context), facts, context);
}

/** Postpones a change that the API server rejected. */
function writable(verdict: Verdict, facts: ShadowedFacts, context: RuleContext): Verdict {
  return isChange(verdict) ? (objection(WRITE_RULES, facts, context) ?? verdict) : verdict;
}

/** The facts about a node after the verdict. */
function factsAfter(facts: Facts, verdict: Verdict, observation: FleetObservation, { policy, now }: RuleContext): Facts {
  const { node, shadow } = facts;
  if (shadow === undefined || verdict === undefined) return facts;
  if (isChange(verdict)) return factsOf(node, changed(shadow, verdict), observation, policy, now);
  // A stuck node whose update cannot be canceled may continue at any moment, so it keeps its slot.
  return verdict.reason === 'WriteFailing' ? { ...facts, stuck: false } : facts;
}

const hasShadow = (facts: Facts): facts is ShadowedFacts => facts.shadow !== undefined;

function withoutShadow(facts: Facts, context: RuleContext): Verdict {
  const { name, managed } = facts.node;
  if (facts.owned) return { node: name, reason: 'LeftUnavailable', message: LEFT_UNAVAILABLE };
  if (!managed) return undefined;
  const unregistered = {
    node: name,
    reason: 'NoShadow',
    message: 'Waiting for the agent to register the node',
    ...sinceOf(context.agentsSince.get(name), context.now),
  } as const;
  return objection(REACH_RULES, facts, context) ?? unregistered;
}

/** Lets staged nodes reboot and idle ones start, as far as the rules and the budget allow. @returns the budget that is used then */
function grantBudget(
  fleet: readonly Facts[],
  waiting: readonly ShadowedFacts[],
  context: RuleContext,
  add: (verdict: Verdict, shadow?: BottlerocketShadow) => void,
): BudgetUse {
  const staged: ShadowedFacts[] = [];
  const idle: ShadowedFacts[] = [];
  for (const facts of waiting) {
    const isStaged = facts.phase === 'reached';
    const hold = objection(isStaged ? STEP_RULES : START_RULES, facts, context);
    if (hold !== undefined) add(hold);
    else (isStaged ? staged : idle).push(facts);
  }
  const inSlots = fleet.filter(holdsSlot);
  const budget = createBudget(fleet, inSlots, context.policy);
  const rebooting = inSlots.filter(({ disrupting }) => disrupting);
  for (const facts of startOrder(staged, rebooting, context.now)) {
    add(windowClosed(facts, context) ?? refused(facts, budget.reboot(facts)) ?? reboot(facts, context.now), facts.shadow);
  }
  for (const facts of startOrder(idle, inSlots, context.now)) {
    add(windowClosed(facts, context) ?? refused(facts, budget.start(facts)) ?? start(facts, context.now), facts.shadow);
  }
  return budget.use();
}

// Asked for each node after ordering, so that nodes that wait for the window are in the order in which they will start.
function windowClosed({ node }: Facts, { window }: RuleContext): Verdict {
  if (window.open) return undefined;
  const until = window.opensAt === undefined ? {} : { until: window.opensAt };
  return { node: node.name, reason: 'WindowClosed', message: 'Waiting for the update window to open', ...until };
}

function refused({ node }: Facts, refusal: Refusal | undefined): Verdict {
  switch (refusal) {
    case undefined:
      return undefined;
    case 'NoFreeSlot':
      return {
        node: node.name,
        reason: refusal,
        message: 'Waiting for a free slot: other nodes are being updated or have not returned from an update',
      };
    case 'TooManyUnavailable':
      return { node: node.name, reason: refusal, message: 'Waiting because the limit of unavailable nodes is reached' };
    case 'RetryLimited':
      return { node: node.name, reason: refusal, message: 'Waiting to retry after a failure until fewer other updates are running' };
    case 'LastSchedulableNode':
      return {
        node: node.name,
        reason: refusal,
        message: 'Waiting for another node to return from its update: this is the last schedulable node',
      };
  }
}

function reboot({ node, shadow }: ShadowedFacts, now: number): Verdict {
  const version = shadow.spec.version ?? null;
  const message = `Allowing the node to drain and reboot into ${String(version)}`;
  return specChange({ node: node.name, shadow }, 'RebootedIntoUpdate', version, now, 'RebootAllowed', message);
}

function start({ node, shadow, status }: ShadowedFacts, now: number): Verdict {
  const version = status.target_version;
  const message = `Starting the update from ${status.current_version} to ${version}`;
  return specChange({ node: node.name, shadow }, 'StagedAndPerformedUpdate', version, now, 'UpdateStarted', message);
}

/** A deletion has the UID of the observed object as a precondition, and cannot succeed without one. */
const isDeletable = ({ metadata: { uid = '' } }: BottlerocketShadow): boolean => uid !== '';

/** The deletion of a shadow whose node no longer exists. */
function deletionOf(orphan: BottlerocketShadow): FleetChange {
  return deletion({ node: nodeNameOf(orphan) ?? '', shadow: orphan }, 'NodeGone', 'Deleting the shadow because its node no longer exists');
}

function earliest(waits: readonly Iterable<Pick<FleetHold, 'until'>>[], now: number): number | undefined {
  let first = Infinity;
  for (const some of waits) for (const { until = Infinity } of some) if (until > now && until < first) first = until;
  return first === Infinity ? undefined : first;
}
