import { expect } from '@jest/globals';
import { aNodeEnd, allNodes, nodeEnds } from '../fleet/node-end.ts';
import { OLD } from '../fleet/versions.ts';
import { STAGE_MS } from './scenario.ts';
import type { Scenario } from './scenario.ts';

/** How long the window stays open: long enough for a fleet to start on a busy machine. */
const OPEN_MS = 60_000;
/** The controller starts nothing in the last minutes before the end of the window. */
const RESERVED_MS = 6 * 60_000;
const HOUR_MS = 3_600_000;
const QUIET_MS = 3000;

const timeOfDay = (ms: number): string => {
  const date = new Date(ms);
  return [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].join(':');
};

/** Scenarios about the update window. */
export const WINDOW_SCENARIOS: readonly Scenario[] = [
  {
    name: 'a window that closes between staging and draining leaves the nodes staged and in service',
    fleet: { nodes: 2 },
    env: (now) => {
      const stop = now + OPEN_MS + RESERVED_MS;
      return { controller: { UPDATE_WINDOW_START: timeOfDay(stop - HOUR_MS), UPDATE_WINDOW_STOP: timeOfDay(stop) } };
    },
    play: async (fleet) => {
      const { cluster } = fleet;
      const closesAt = cluster.clock.monotonic() + OPEN_MS;
      // The host cannot stage until the window has closed.
      const hold = (): void => {
        for (const node of fleet.updating) cluster.host(node).faults.busy(Math.max(0, closesAt - cluster.clock.monotonic()) + 1000);
      };
      expect(await fleet.at(() => fleet.updating.length > 0, hold, OPEN_MS)).toBe(true);
      const [staging = ''] = fleet.updating;
      expect(await fleet.until(() => fleet.shadow(staging)?.status?.current_state === 'StagedAndPerformedUpdate', STAGE_MS)).toBe(true);
      await fleet.rest(QUIET_MS);
      const untouched = { version: OLD, boots: 0 };
      expect(nodeEnds(fleet)).toEqual({
        ...allNodes(fleet, untouched),
        [staging]: aNodeEnd({ ...untouched, state: 'StagedAndPerformedUpdate' }),
      });
      expect(cluster.evictions).toEqual([]);
    },
  },
];
