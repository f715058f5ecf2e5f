import type { Row } from './benchmark.ts';
import type { SlotTimes } from './slot-times.ts';

/** A rollout: the number of nodes, and how many are updated at a time. */
export interface RolloutSize {
  readonly nodes: number;
  readonly slots: number | 'unlimited';
}

/** Such as `100 nodes, 10 at a time`. */
export const nameOfRollout = ({ nodes, slots }: RolloutSize): string =>
  `${nodes.toLocaleString('en-US')} nodes, ${slots === 'unlimited' ? 'no limit' : `${String(slots)} at a time`}`;

/** Times of the second of {@link rolloutRows}. */
export const nameOfBeyond = (what: string): string => `${what}: a node beyond its host`;

/**
 * The duration of a rollout beside the shortest that its hosts allow, and the time of each node beyond its host.
 * @param ofHostMs duration of the host's and its pods' part of a node's update
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
