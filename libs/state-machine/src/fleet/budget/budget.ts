import { consecutiveFailures } from '../model/attempts.ts';
import type { Facts, ShadowedFacts } from '../model/facts.ts';
import type { BudgetUse } from '../model/plan.ts';
import { createInService } from './in-service.ts';
import type { FleetPolicy, MaxUnavailable } from '../model/policy.ts';

/** Why the budget lets no further node go on. */
export type Refusal = 'NoFreeSlot' | 'TooManyUnavailable' | 'RetryLimited' | 'LastSchedulableNode';

/** What may still be granted in this plan. Granting is the only thing that changes it. */
export interface Budget {
  /** Asks to start the update of an idle node. */
  start(facts: ShadowedFacts): Refusal | undefined;
  /** Asks to let a staged node, which has a slot, drain and reboot. */
  reboot(facts: Facts): Refusal | undefined;
  /** What is in use with all that was granted. */
  use(): BudgetUse;
}

/**
 * The budget left by the nodes as they are. A node holds its slot from the start of its update, so a reboot needs no new one. A reboot is refused only if
 * the limit was lowered; if more nodes than allowed are being updated, because some that had lost their slot went on; or if the evicted pods would have
 * nowhere to go until another node is back.
 * @param holders those of the fleet that hold a slot
 */
export function createBudget(fleet: readonly Facts[], holders: readonly Facts[], policy: FleetPolicy): Budget {
  const slots = policy.maxConcurrentUpdates === 'unlimited' ? Infinity : policy.maxConcurrentUpdates;
  let managed = 0;
  const unavailable: Facts[] = [];
  for (const facts of fleet) {
    const { node } = facts;
    if (!node.managed) continue;
    managed++;
    if (!node.ready || node.unschedulable) unavailable.push(facts);
  }
  const mayBeUnavailable = unavailableLimit(policy.maxUnavailable, managed);
  const names = (facts: readonly Facts[]): Set<string> => new Set(facts.map(({ node }) => node.name));
  const inSlots = names(holders);
  const underWay = names(holders.filter(({ stuck, lost }) => !stuck && !lost));
  const disruptingNow = names(holders.filter(({ disrupting }) => disrupting));
  const unavailableAfterStarts = names([...unavailable, ...holders]);
  const inService = createInService(fleet);
  const unavailableAfterReboots = names([...unavailable, ...holders.filter(({ disrupting }) => disrupting)]);

  function refusalOf(node: string, taken: ReadonlySet<string>, unavailableThen: ReadonlySet<string>): Refusal | undefined {
    // What a node has already, it needs not be given.
    if (!taken.has(node) && taken.size >= slots) return 'NoFreeSlot';
    if (!unavailableThen.has(node) && unavailableThen.size >= mayBeUnavailable) return 'TooManyUnavailable';
    return undefined;
  }

  /** Nodes that fail together tend to fail together again, such as two whose drains wait for each other's pods. Each failure halves how many go at a time. */
  function mayGoWith(failures: number): number {
    return failures === 0 ? Infinity : Math.max(1, Math.floor(Math.min(slots, managed) / 2 ** failures));
  }

  return {
    start: (facts) => {
      const { name } = facts.node;
      const refusal = refusalOf(name, inSlots, unavailableAfterStarts);
      if (refusal !== undefined) return refusal;
      if (!underWay.has(name) && underWay.size >= mayGoWith(consecutiveFailures(facts))) return 'RetryLimited';
      for (const granted of [underWay, inSlots, unavailableAfterStarts]) granted.add(name);
      return undefined;
    },
    reboot: (facts) => {
      const { name } = facts.node;
      const refusal = refusalOf(name, disruptingNow, unavailableAfterReboots);
      if (refusal !== undefined) return refusal;
      if (inService.isLast(facts)) return 'LastSchedulableNode';
      for (const granted of [disruptingNow, unavailableAfterReboots]) granted.add(name);
      inService.leave(facts);
      return undefined;
    },
    use: () => ({
      maxConcurrentUpdates: policy.maxConcurrentUpdates,
      slots: [...inSlots],
      maxUnavailable: policy.maxUnavailable === undefined ? undefined : mayBeUnavailable,
      unavailable: [...unavailableAfterReboots],
    }),
  };
}

/** @returns how many of `managed` nodes may be unavailable */
export function unavailableLimit(limit: MaxUnavailable | undefined, managed: number): number {
  if (limit === undefined) return Infinity;
  // A small cluster would never be updated if its share were rounded down to nothing.
  return 'count' in limit ? limit.count : Math.max(1, Math.floor((managed * limit.percent) / 100));
}
