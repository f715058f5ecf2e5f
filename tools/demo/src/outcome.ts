import type { NodeRow } from './fleet-view.ts';

/** What the controller says of a node, as `/plan` gives it. */
export interface PlanHold {
  readonly node: string;
  readonly next?: 'step' | 'wait';
  readonly reason: string;
  readonly message: string;
}

/** Why a node is left alone for so long that waiting for it would be waiting for ever. */
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

/** What the others wait for while a stuck node keeps its slot. */
const BEHIND_STUCK = new Set(['NoFreeSlot', 'TooManyUnavailable']);

/** How far a rollout has come. */
export type Outcome =
  | { readonly kind: 'under-way' }
  | { readonly kind: 'done' }
  /** As far as the faults allow: every other node is done. */
  | { readonly kind: 'done-but'; readonly left: readonly { readonly node: string; readonly why: string }[] };

/**
 * Whether the rollout has ended.
 * @param lasting whether a fault leaves nodes without their update: then it ends when all others are done
 */
export function outcomeOf(rows: readonly NodeRow[], holds: readonly PlanHold[], lasting: boolean): Outcome {
  const rest = rows.filter(({ done }) => !done);
  if (rest.length === 0) return { kind: 'done' };
  if (!lasting) return { kind: 'under-way' };
  const held = rest.flatMap(({ node }) => holds.filter((hold) => hold.node === node));
  const lost = held.some(({ reason }) => reason === 'Stuck' || reason === 'LostInUpdate' || reason === 'NodeNotReady');
  const left = held
    .filter(({ reason }) => LEFT_ALONE.has(reason) || (lost && BEHIND_STUCK.has(reason)))
    .map(({ node, message }) => ({ node, why: message }));
  return left.length === rest.length ? { kind: 'done-but', left } : { kind: 'under-way' };
}
