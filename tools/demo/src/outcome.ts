import type { NodeRow } from './fleet-view.ts';

/** An entry of the controller's `/plan` for a node that waits. */
export interface PlanHold {
  readonly node: string;
  readonly next?: 'step' | 'wait';
  readonly reason: string;
  readonly message: string;
}

/** Reasons of holds that last so long that waiting for them would have no end. */
const LEFT_ALONE = new Set([
  'CrashBackoff',
  'VersionBackoff',
  'RetryBackoff',
  'NodeNotReady',
  'CordonedByAdministrator',
  'Stuck',
  'LostInUpdate',
  'LeftUnavailable',
]);

/** Reasons of holds behind a stuck node that keeps its slot. */
const BEHIND_STUCK = new Set(['NoFreeSlot', 'TooManyUnavailable']);

/** Progress of a rollout. */
export type Outcome =
  | { readonly kind: 'under-way' }
  | { readonly kind: 'done' }
  /** As far as the faults allow: every other node is done. */
  | { readonly kind: 'done-but'; readonly left: readonly { readonly node: string; readonly why: string }[] };

/**
 * Decides whether the rollout has ended.
 * @param lasting whether a fault leaves nodes without their update: then the rollout ends when all others are done
 */
export function outcomeOf(rows: readonly NodeRow[], holds: readonly PlanHold[], lasting: boolean): Outcome {
  const rest = rows.filter(({ done }) => !done);
  if (rest.length === 0) return { kind: 'done' };
  if (!lasting) return { kind: 'under-way' };
  const waiting = rest.flatMap(({ node }) => holds.filter((hold) => hold.node === node));
  const lost = waiting.some(({ reason }) => reason === 'Stuck' || reason === 'LostInUpdate' || reason === 'NodeNotReady');
  const left = waiting
    .filter(({ reason }) => LEFT_ALONE.has(reason) || (lost && BEHIND_STUCK.has(reason)))
    .map(({ node, message }) => ({ node, why: message }));
  return left.length === rest.length ? { kind: 'done-but', left } : { kind: 'under-way' };
}
