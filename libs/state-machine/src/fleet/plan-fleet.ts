import type { BottlerocketShadow } from '@brupop/crd-models';
import { nodeNameOf, shadowName } from '@brupop/crd-models';
import { admissionOrder } from './admission-order.ts';
import { objection, REACH_RULES, sinceOf, START_RULES, STEP_RULES, WRITE_RULES } from './admission-rules.ts';
import type { BudgetUse, Refusal } from './budget.ts';
import { createBudget } from './budget.ts';
import { changed, deletion, specChange } from './changes.ts';
import type { Facts, ShadowedFacts } from './facts.ts';
import { factsOf, holdsSlot } from './facts.ts';
import { failingVersions } from './failing-versions.ts';
import { fleetWindowAt } from './fleet-window.ts';
import type { FailingWrite, FleetObservation } from './observation.ts';
import type { FleetChange, FleetHold, FleetPlan } from './plan.ts';
import type { FleetPolicy } from './policy.ts';
import type { Verdict } from './progress-rules.ts';
import { progress } from './progress-rules.ts';
import type { RuleContext } from './rule.ts';
import { LEFT_UNAVAILABLE } from './rule.ts';

/**
 * Decides which nodes take which step now, and says of every other node why it does not.
 *
 * First come the changes that make no node unavailable: cleaning up after errors, finishing, calling off. Then, in the fleet as those changes leave
 * it, the budget is given out: to staged nodes, which are to reboot, before idle ones, which are to start.
 * @param now milliseconds since the epoch
 */
export function planFleet(observation: FleetObservation, policy: FleetPolicy, now: number): FleetPlan {
  const failing = failingVersions(observation.shadows, policy);
  const { failingWrites = NONE_FAILING } = observation;
  const context: RuleContext = { policy, window: fleetWindowAt(observation, policy, now), failing, failingWrites, now };
  const byNode = shadowsByNode(observation.shadows);
  const verdicts: Verdict[] = [];
  const waiting: ShadowedFacts[] = [];
  const fleet: Facts[] = [];
  let owned = 0;
  for (const node of observation.nodes) {
    const shadow = byNode.get(node.name);
    if (shadow !== undefined) owned += 1;
    const facts = factsOf(node, shadow, observation, policy, now);
    const verdict = hasShadow(facts) ? writable(progress(facts, context), facts, context) : withoutShadow(facts, context);
    if (verdict === undefined && hasShadow(facts)) waiting.push(facts);
    verdicts.push(verdict);
    fleet.push(afterwards(facts, verdict, observation, context));
  }
  const admitted = admit(fleet, waiting, context);
  const changes: FleetChange[] = [];
  const holds: FleetHold[] = [];
  // In a large fleet the verdicts are too many to be handed on as arguments.
  for (const verdict of verdicts.concat(admitted.verdicts)) {
    if (verdict === undefined) continue;
    if ('change' in verdict) changes.push(verdict.change);
    else holds.push(verdict.hold);
  }
  const { window } = context;
  const orphans = owned === byNode.size ? [] : deletionsOfOrphans(observation);
  return {
    changes: [...changes, ...orphans],
    holds,
    window,
    budget: admitted.budget,
    recheckAt: earliest([...holds, ...failingWrites.values()], now),
  };
}

const NONE_FAILING: ReadonlyMap<string, FailingWrite> = new Map();

/** Puts off a change that Kubernetes would not take. */
function writable(verdict: Verdict, facts: ShadowedFacts, context: RuleContext): Verdict {
  const hold = verdict !== undefined && 'change' in verdict ? objection(WRITE_RULES, facts, context) : undefined;
  return hold === undefined ? verdict : { hold };
}

/** The facts of a node once the verdict is carried out. */
function afterwards(facts: Facts, verdict: Verdict, observation: FleetObservation, { policy, now }: RuleContext): Facts {
  const { node, shadow } = facts;
  if (shadow === undefined || verdict === undefined) return facts;
  if ('change' in verdict) return factsOf(node, changed(shadow, verdict.change), observation, policy, now);
  // A node that cannot be told to stop may go on at any moment, however late it is.
  return verdict.hold.reason === 'WriteFailing' ? { ...facts, stuck: false } : facts;
}

const hasShadow = (facts: Facts): facts is ShadowedFacts => facts.shadow !== undefined;

function withoutShadow(facts: Facts, context: RuleContext): Verdict {
  const { name, managed } = facts.node;
  if (facts.marked) return { hold: { node: name, reason: 'LeftUnavailable', message: LEFT_UNAVAILABLE } };
  if (!managed) return undefined;
  const unregistered = {
    node: name,
    reason: 'NoShadow',
    message: 'Waiting for the agent to register the node',
    ...sinceOf(facts.agentSince, context.now),
  } as const;
  return { hold: objection(REACH_RULES, facts, context) ?? unregistered };
}

/** Lets staged nodes reboot and idle ones start, as far as the rules and the budget allow. */
function admit(
  fleet: readonly Facts[],
  waiting: readonly ShadowedFacts[],
  context: RuleContext,
): { readonly verdicts: readonly Verdict[]; readonly budget: BudgetUse } {
  const verdicts: Verdict[] = [];
  const staged: ShadowedFacts[] = [];
  const idle: ShadowedFacts[] = [];
  for (const facts of waiting) {
    const isStaged = facts.phase === 'reached';
    const hold = objection(isStaged ? STEP_RULES : START_RULES, facts, context);
    if (hold !== undefined) verdicts.push({ hold });
    else (isStaged ? staged : idle).push(facts);
  }
  const budget = createBudget(fleet, context.policy);
  const inSlots = fleet.filter(holdsSlot);
  const rebooting = inSlots.filter(({ disrupting }) => disrupting);
  for (const facts of admissionOrder(staged, rebooting)) {
    verdicts.push(windowClosed(facts, context) ?? refused(facts, budget.reboot(facts)) ?? reboot(facts, context.now));
  }
  for (const facts of admissionOrder(idle, inSlots)) {
    verdicts.push(windowClosed(facts, context) ?? refused(facts, budget.start(facts)) ?? start(facts, context.now));
  }
  return { verdicts, budget: budget.use() };
}

// Nodes that wait for the window stand in the order of their turn, too.
function windowClosed({ node }: Facts, { window }: RuleContext): Verdict {
  if (window.open) return undefined;
  const until = window.opensAt === undefined ? {} : { until: window.opensAt };
  return { hold: { node: node.name, reason: 'WindowClosed', message: 'Waiting for the update window to open', ...until } };
}

function refused({ node }: Facts, refusal: Refusal | undefined): Verdict {
  switch (refusal) {
    case undefined:
      return undefined;
    case 'NoFreeSlot':
      return { hold: { node: node.name, reason: refusal, message: 'Waiting for another node to finish its update' } };
    case 'TooManyUnavailable':
      return { hold: { node: node.name, reason: refusal, message: 'Waiting for unavailable nodes to come back' } };
    case 'LastSchedulableNode':
      return {
        hold: {
          node: node.name,
          reason: refusal,
          message: 'Waiting for another node to come back from its update: no other would be left that takes pods',
        },
      };
  }
}

function reboot({ node, shadow }: ShadowedFacts, now: number): Verdict {
  const version = shadow.spec.version ?? null;
  const message = `Allowing the node to drain and to reboot into ${String(version)}`;
  return { change: specChange({ node: node.name, shadow }, 'RebootedIntoUpdate', version, now, 'RebootAllowed', message) };
}

function start({ node, shadow, status }: ShadowedFacts, now: number): Verdict {
  const version = status.target_version;
  const message = `Starting the update from ${status.current_version} to ${version}`;
  return { change: specChange({ node: node.name, shadow }, 'StagedAndPerformedUpdate', version, now, 'UpdateStarted', message) };
}

/** Each node's shadow. Of two for one node the one with the right name counts. */
function shadowsByNode(shadows: readonly BottlerocketShadow[]): ReadonlyMap<string, BottlerocketShadow> {
  const byNode = new Map<string, BottlerocketShadow>();
  for (const shadow of shadows) {
    const node = nodeNameOf(shadow);
    if (node === undefined) continue;
    if (byNode.get(node) === undefined || shadow.metadata.name === shadowName(node)) byNode.set(node, shadow);
  }
  return byNode;
}

/** Of every shadow whose node is gone. */
function deletionsOfOrphans({ nodes, shadows, failingWrites = NONE_FAILING }: FleetObservation): FleetChange[] {
  const names = new Set(nodes.map(({ name }) => name));
  return shadows.flatMap((shadow) => {
    const node = nodeNameOf(shadow);
    if (node === undefined || names.has(node) || failingWrites.has(shadow.metadata.name)) return [];
    return [deletion({ node, shadow }, 'NodeGone', 'Deleting the shadow because its node is gone')];
  });
}

function earliest(waits: readonly Pick<FleetHold, 'until'>[], now: number): number | undefined {
  const times = waits.map(({ until }) => until).filter((until) => until !== undefined && until > now && until < Infinity);
  return times.reduce<number | undefined>((first, at) => (first === undefined || (at !== undefined && at < first) ? at : first), undefined);
}
