import type { Row } from './benchmark.ts';
import type { SlotTimes } from './slot-times.ts';

/** A rollout: so many nodes, so many at a time. */
export interface RolloutSize {
  readonly nodes: number;
  readonly slots: number | 'unlimited';
}

/** Such as `100 nodes, 10 at a time`. */
export const nameOfRollout = ({ nodes, slots }: RolloutSize): string =>
  `${nodes.toLocaleString('en-US')} nodes, ${slots === 'unlimited' ? 'no limit' : `${String(slots)} at a time`}`;

/** Of the second of {@link rolloutRows}. */
export const nameOfBeyond = (what: string): string => `${what}: a node beyond its host`;

/**
 * How long a rollout took beside the shortest that its hosts allow, and what each node took beyond its host.
 * @param ofHostMs what of a node's update is the host's and its pods'
 */
export function rolloutRows(
  what: string,
  { firstMs, lastMs, spansMs }: SlotTimes,
  { nodes, slots }: RolloutSize,
  ofHostMs: number,
): readonly [whole: Row, beyond: Row] {
  const turns = slots === 'unlimited' ? 1 : Math.ceil(nodes / slots);
  const average = spansMs.reduce((sum, span) => sum + span, 0) / spansMs.length;
  const shortest = (average / 1_000) * turns;
  return [
    { what: `${what}: first start to last end`, unit: 's', ours: [(lastMs - firstMs) / 1_000], baseline: { name: 'shortest', values: [shortest] } },
    { what: nameOfBeyond(what), unit: 's', ours: spansMs.map((span) => (span - ofHostMs) / 1_000) },
  ]; // prettier-ignore
}
