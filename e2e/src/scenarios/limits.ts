import { expect } from '@jest/globals';
import { allNodes, nodeEnds } from '../fleet/node-end.ts';
import type { ObservedFleet } from '../fleet/observed-fleet.ts';
import { STAGE_MS } from './scenario.ts';
import type { Scenario } from './scenario.ts';

/** Scenarios without problems: every node is updated once, and no more at a time than allowed. */
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
      await rollOut(fleet);
      expect(nodeEnds(fleet)).toEqual(allNodes(fleet));
      expect(fleet.mostUpdating).toBe(most);
      // One stays in service for the pods of the others.
      expect(fleet.mostUnavailable).toBeLessThanOrEqual(Math.max(1, Math.min(most, nodes - 1)));
    },
  };
}

/** Waits for the nodes as long as there is progress: twelve, one after another, take long on a busy machine. */
async function rollOut(fleet: ObservedFleet): Promise<void> {
  const countDone = (): number => fleet.names.filter((name) => fleet.isDone(name)).length;
  for (let done = 0; done < fleet.names.length; done = countDone()) {
    if (!(await fleet.until(() => countDone() > done, STAGE_MS))) return;
  }
}
