import { describe, expect, test } from '@jest/globals';
import { SCENARIOS } from '../scenarios/scenarios.ts';
import { STAGE_MS } from '../scenarios/scenario.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { ProcessFleet } from './process-fleet.ts';

let lastIsUp: Promise<unknown> = Promise.resolve();

/** Starts the fleet of a scenario once the previous one is up: each start is a burst of processes. */
async function start({ fleet: { nodes, webReplicas = 4 }, env }: Scenario): Promise<ProcessFleet> {
  const starting = lastIsUp.then(() => ProcessFleet.start({ nodes, webReplicas, env: env?.(Date.now()) ?? {} }));
  lastIsUp = starting.then((fleet) => fleet.until(() => fleet.hasReported(), STAGE_MS)).catch(() => undefined);
  return starting;
}

// Most of the time is spent waiting: several at once take little longer than one.
describe('with real processes', () => {
  test.concurrent.each(SCENARIOS)('$name', async (scenario) => {
    const fleet = await start(scenario);
    try {
      await scenario.play(fleet);
      expect(fleet.crashes).toEqual([]);
    } finally {
      await fleet.close();
    }
  });
});
