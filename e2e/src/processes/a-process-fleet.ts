import type { SimulationOptions } from '@brupop/simulator';
import { afterAll } from '@jest/globals';
import { ProcessFleet } from './process-fleet.ts';

const fleets: ProcessFleet[] = [];

/** A fleet of real processes that stops when the tests of the file have ended. */
export async function aProcessFleet(options?: Partial<SimulationOptions>): Promise<ProcessFleet> {
  const fleet = await ProcessFleet.start(options);
  fleets.push(fleet);
  return fleet;
}

afterAll(async () => {
  await Promise.all(fleets.splice(0).map((fleet) => fleet.close()));
});
