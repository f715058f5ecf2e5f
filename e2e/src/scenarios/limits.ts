import { expect } from '@jest/globals';
import { allNodes, nodeEnds } from '../fleet/node-end.ts';
import type { Scenario } from './scenario.ts';

/** Longest time for twelve nodes, one after another. */
const ROLLOUT_MS = 540_000;

/** Scenarios in which nothing goes wrong: every node is updated, once, and no more at a time than allowed. */
export const LIMIT_SCENARIOS: readonly Scenario[] = [
  limited(12, '1', 1),
  limited(1, '1', 1),
  limited(12, '3', 3),
  limited(12, 'unlimited', 12),
];

function limited(nodes: number, maxConcurrent: string, most: number): Scenario {
  return {
    name: `${String(nodes)} ${nodes === 1 ? 'node is' : 'nodes are'} updated, each once, with MAX_CONCURRENT_UPDATE ${maxConcurrent}`,
    fleet: { nodes, webReplicas: 0 },
    env: () => ({ controller: { MAX_CONCURRENT_UPDATE: maxConcurrent } }),
    smooth: true,
    play: async (fleet) => {
      await fleet.rollOut(ROLLOUT_MS);
      expect(nodeEnds(fleet)).toEqual(allNodes(fleet));
      expect(fleet.mostUpdating).toBe(most);
      expect(fleet.mostUnavailable).toBeLessThanOrEqual(most);
    },
  };
}
