import { describe, expect, test } from '@jest/globals';
import { memoryLogger } from '@brupop/process';
import type { FleetHold, FleetObservation } from '@brupop/state-machine';
import { createPlanReporter } from './report-plan.ts';

const aHold = (node: string, reason: FleetHold['reason'] = 'CordonedByAdministrator'): FleetHold => ({ node, reason, message: 'words' });
const NOTHING: FleetObservation = { nodes: [], shadows: [], agents: new Map() };

describe(createPlanReporter, () => {
  test.each<{ name: string; plans: readonly (readonly FleetHold[])[]; told: readonly string[] }>([
    { name: 'once of a node that is held on', plans: [[aHold('a')], [aHold('a')]], told: ['a'] },
    { name: 'again of one that went on in between', plans: [[aHold('a')], [], [aHold('a')]], told: ['a', 'a'] },
    { name: 'again of one in whose place another was held', plans: [[aHold('a')], [aHold('b')], [aHold('a')]], told: ['a', 'b', 'a'] },
    {
      name: 'again of one that was held for something else in between',
      plans: [[aHold('a')], [aHold('a', 'NoFreeSlot')], [aHold('a')]],
      told: ['a', 'a'],
    },
  ])('tells $name', ({ plans, told }) => {
    const log = memoryLogger();
    const reporter = createPlanReporter({ events: { record: () => undefined, flush: () => Promise.resolve() }, log });
    for (const holds of plans) reporter.held(holds, NOTHING);
    expect(log.entries.filter(({ level }) => level === 'warn').map(({ fields }) => fields['node'])).toEqual(told);
  });
});
