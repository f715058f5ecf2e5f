import { describe, expect, test } from '@jest/globals';
import { memoryLogger } from '@brupop/process';
import type { BottlerocketShadow } from '@brupop/crd-models';
import type { EventInput } from '@brupop/kube-runtime';
import type { ChangeReason, FleetHold, FleetObservation } from '@brupop/state-machine';
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

  const shadow: BottlerocketShadow = {
    apiVersion: 'brupop.bottlerocket.aws/v2',
    kind: 'BottlerocketShadow',
    metadata: { name: 'brs-a', namespace: 'brupop', uid: 'u' },
    spec: { state: 'Idle' },
    status: {
      current_version: '1.0.0',
      target_version: '1.1.0',
      current_state: 'Idle',
      crash_count: 0,
      conditions: [
        { type: 'Healthy', status: 'False', reason: 'AgentNotReady', message: 'one pod', lastTransitionTime: '2026-01-05T12:00:00Z' },
      ],
    },
  };
  const recording = () => {
    const events: EventInput[] = [];
    const log = memoryLogger();
    return {
      events,
      log,
      reporter: createPlanReporter({ events: { record: (event) => events.push(event), flush: () => Promise.resolve() }, log }),
    };
  };

  test.each<{ reason: ChangeReason; type: 'Normal' | 'Warning' }>([
    { reason: 'UpdateStarted', type: 'Normal' },
    { reason: 'UpdateFinished', type: 'Normal' },
    { reason: 'ResetAfterError', type: 'Warning' },
    { reason: 'GivenUp', type: 'Warning' },
  ])('tells of $reason by an Event of type $type, and in the log what was written', ({ reason, type }) => {
    const { events, log, reporter } = recording();
    const spec = { state: 'Idle', version: '1.1.0' } as const;
    const change = { kind: 'spec', node: 'a', shadow: 'brs-a', resourceVersion: '7', reason, message: 'words', spec } as const;
    reporter.changed(change, { ...NOTHING, shadows: [shadow] });
    expect(events).toMatchObject([{ type, reason, message: 'words', regarding: { kind: 'BottlerocketShadow', name: 'brs-a' } }]);
    expect(log.entries).toMatchObject([{ level: 'info', fields: { node: 'a', reason, detail: 'words', ...spec } }]);
  });

  test.each([
    { name: 'lasts, in whatever words it was told', lasting: true, told: 0 },
    { name: 'is another trouble by its words', lasting: false, told: 1 },
  ])('what an earlier leader has told, as a condition shows, and $name, is told $told times', ({ lasting, told }) => {
    const { events, reporter } = recording();
    const reason = lasting ? 'AgentNotReady' : 'CordonedByAdministrator';
    const carried = shadow.status?.conditions?.map((condition) => ({ ...condition, reason })) ?? [];
    if (shadow.status == null) throw new Error('no status');
    reporter.held([{ ...aHold('a', reason), ...(lasting ? { lasting } : {}) }], {
      ...NOTHING,
      shadows: [{ ...shadow, status: { ...shadow.status, conditions: carried } }],
    });
    expect(events).toHaveLength(told);
  });
});
