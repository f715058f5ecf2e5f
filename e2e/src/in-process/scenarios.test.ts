import { describe, expect, test } from '@jest/globals';
import { SCENARIOS } from '../scenarios/scenarios.ts';
import { aFleet } from './a-fleet.ts';
import { optionsFor } from './options-for.ts';

describe('on a virtual clock', () => {
  test.each(SCENARIOS)('$name', async (scenario) => {
    const fleet = aFleet(optionsFor(scenario));
    await scenario.play(fleet);
    if (scenario.smooth === true) expect(fleet.log.entries.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
