import { afterEach } from '@jest/globals';
import { Fleet } from './fleet.ts';
import type { FleetOptions } from './fleet.ts';

const fleets: Fleet[] = [];

/** A fleet that is stopped when the test has ended. */
export function aFleet(options?: FleetOptions): Fleet {
  const fleet = new Fleet(options);
  fleets.push(fleet);
  return fleet;
}

afterEach(() => {
  for (const fleet of fleets.splice(0)) fleet.stop();
});
