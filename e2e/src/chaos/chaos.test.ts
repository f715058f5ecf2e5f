import { describe, expect, test } from '@jest/globals';
import { runChaos } from './run-chaos.ts';

/** `npx nx run e2e:chaos 1 1000` runs as many as you like. */
const SEEDS = [600000, 600004, 600006, 600007, 600009, 600013, 600014, 600015];

describe('a rollout in which everything goes wrong', () => {
  test.each(SEEDS)('keeps its promises, and ends with every node updated: seed %i', async (seed) => {
    const { violations, unfinished, disturbances } = await runChaos(seed);
    // What was done is shown with what came of it.
    expect({ violations, unfinished, disturbances }).toEqual({ violations: [], unfinished: [], disturbances });
    expect(disturbances).not.toEqual([]);
  });
});
