import { consecutiveFailures } from '../model/attempts.ts';
import type { Facts, ShadowedFacts } from '../model/facts.ts';
import type { BudgetUse } from '../model/plan.ts';
import { createInService } from './in-service.ts';
import type { FleetPolicy, MaxUnavailable } from '../model/policy.ts';

/** Why the budget does not allow a node to continue. */
export type Refusal = 'NoFreeSlot' | 'TooManyUnavailable' | 'RetryLimited' | 'LastSchedulableNode';

/** What this plan may still allow. Only what it allows changes the budget. */
export interface Budget {
  /** Starts the update of an idle node, unless this is refused. */
  start(facts: ShadowedFacts): Refusal | undefined;
  /** Lets a staged node, which has a slot, drain and reboot, unless this is refused. */
  reboot(facts: Facts): Refusal | undefined;
  /** The budget that is used, including what was allowed. */
  use(): BudgetUse;
}

/**
 * The budget that the fleet leaves. A node has its slot from the start of its update, so a reboot needs no new one. A reboot is refused
 * only if the limit was lowered, if more nodes than allowed are being updated because some that had lost their slot continued, or if no
 * schedulable node would be left for the evicted pods until another node returns.
 * @param busy the nodes of the fleet that use a slot
 */
export function createBudget(fleet: readonly Facts[], busy: readonly Facts[], policy: FleetPolicy): Budget {
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
  const inSlots = names(busy);
  const progressing = names(busy.filter(({ stuck, lost }) => !stuck && !lost));
  const disruptingNow = names(busy.filter(({ disrupting }) => disrupting));
  const unavailableAfterStarts = names([...unavailable, ...busy]);
  const inService = createInService(fleet);
  const unavailableAfterReboots = names([...unavailable, ...busy.filter(({ disrupting }) => disrupting)]);

  function refusalOf(node: string, taken: ReadonlySet<string>, unavailableThen: ReadonlySet<string>): Refusal | undefined {
    // A node that is in a set already needs no place in it.
    if (!taken.has(node) && taken.size >= slots) return 'NoFreeSlot';
    if (!unavailableThen.has(node) && unavailableThen.size >= mayBeUnavailable) return 'TooManyUnavailable';
    return undefined;
  }

  /** How many updates may run beside that of a node. Nodes that fail together tend to do so again, so each failure halves it. */
  function concurrencyAfter(failures: number): number {
    return failures === 0 ? Infinity : Math.max(1, Math.floor(Math.min(slots, managed) / 2 ** failures));
  }

  return {
    start: (facts) => {
      const { name } = facts.node;
      const refusal = refusalOf(name, inSlots, unavailableAfterStarts);
      if (refusal !== undefined) return refusal;
      if (!progressing.has(name) && progressing.size >= concurrencyAfter(consecutiveFailures(facts))) return 'RetryLimited';
      for (const used of [progressing, inSlots, unavailableAfterStarts]) used.add(name);
      return undefined;
    },
    reboot: (facts) => {
      const { name } = facts.node;
      const refusal = refusalOf(name, disruptingNow, unavailableAfterReboots);
      if (refusal !== undefined) return refusal;
      if (inService.isLast(facts)) return 'LastSchedulableNode';
      for (const used of [disruptingNow, unavailableAfterReboots]) used.add(name);
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
  // A small cluster would never be updated if its percentage were rounded down to 0.
  return 'count' in limit ? limit.count : Math.max(1, Math.floor((managed * limit.percent) / 100));
}
