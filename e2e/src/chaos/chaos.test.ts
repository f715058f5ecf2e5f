import { describe, expect, test } from '@jest/globals';
import { runChaos } from './run-chaos.ts';

/** `npx nx run e2e:chaos 1 1000` runs any number of seeds. */
const SEEDS = [600000, 600004, 600006, 600007, 600009, 600013, 600014, 600015];

describe('a rollout in which everything goes wrong', () => {
  test.each(SEEDS)('breaks no invariant, and ends with every node updated: seed %i', async (seed) => {
    const { violations, unfinished, disturbances } = await runChaos(seed);
    // A failure also shows the disturbances.
    expect({ violations, unfinished, disturbances }).toEqual({ violations: [], unfinished: [], disturbances });
    expect(disturbances).not.toEqual([]);
  });
});
