import { describe, expect, test } from '@jest/globals';
import type { BottlerocketShadow } from '@brupop/crd-models';
import type { EventInput, EventRecorder } from '@brupop/kube-runtime';
import type { ChangeReason, FleetHold, FleetObservation } from '@brupop/state-machine';
import { memoryLogger, VirtualClock } from '@brupop/ports';
import { createFleetMetrics } from './fleet-metrics.ts';
import type { PlannedFleet } from './planned-fleet.ts';
import { createPhaseDurations } from './phase-durations.ts';
import { createPlanReporter } from './report-plan.ts';

const aHold = (node: string, reason: FleetHold['reason'] = 'CordonedByAdministrator'): FleetHold => ({
  node,
  reason,
  message: 'a message',
});
const planned = (holds: readonly FleetHold[], shadows: FleetObservation['shadows'] = []): PlannedFleet => ({
  at: 0,
  observation: { nodes: [], shadows, agents: new Map() },
  plan: {
    changes: [],
    holds,
    window: { open: true },
    budget: { maxConcurrentUpdates: 1, slots: [], maxUnavailable: undefined, unavailable: [] },
    recheckAt: undefined,
  },
});
const aReporter = (record: EventRecorder['record']) => {
  const log = memoryLogger();
  const reporter = createPlanReporter({
    events: { record, flush: () => Promise.resolve() },
    log,
    clock: new VirtualClock(),
    metrics: createFleetMetrics(),
    phases: createPhaseDurations(),
  });
  return { log, reporter };
};

describe(createPlanReporter, () => {
  test.each<{ name: string; plans: readonly (readonly FleetHold[])[]; reported: readonly string[] }>([
    { name: 'once for a node whose hold stays', plans: [[aHold('a')], [aHold('a')]], reported: ['a'] },
    { name: 'again for a node that continued in between', plans: [[aHold('a')], [], [aHold('a')]], reported: ['a', 'a'] },
    { name: 'again if another node had a hold in between', plans: [[aHold('a')], [aHold('b')], [aHold('a')]], reported: ['a', 'b', 'a'] },
    {
      name: 'again for a node that had another hold in between',
      plans: [[aHold('a')], [aHold('a', 'NoFreeSlot')], [aHold('a')]],
      reported: ['a', 'a'],
    },
  ])('reports a hold $name', ({ plans, reported }) => {
    const { log, reporter } = aReporter(() => undefined);
    for (const holds of plans) reporter.planned(planned(holds));
    expect(log.entries.filter(({ level }) => level === 'warn').map(({ fields }) => fields['node'])).toEqual(reported);
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
    return { events, ...aReporter((event) => events.push(event)) };
  };

  test.each<{ reason: ChangeReason; type: 'Normal' | 'Warning' }>([
    { reason: 'UpdateStarted', type: 'Normal' },
    { reason: 'UpdateFinished', type: 'Normal' },
    { reason: 'ResetAfterError', type: 'Warning' },
    { reason: 'GivenUp', type: 'Warning' },
  ])('reports $reason in an Event of type $type, and logs what was written', ({ reason, type }) => {
    const { events, log, reporter } = recording();
    const spec = { state: 'Idle', version: '1.1.0' } as const;
    const change = { kind: 'spec', node: 'a', shadow: 'brs-a', resourceVersion: '7', reason, message: 'a message', spec } as const;
    reporter.changed(change, planned([], [shadow]));
    expect(events).toMatchObject([{ type, reason, message: 'a message', regarding: { kind: 'BottlerocketShadow', name: 'brs-a' } }]);
    expect(log.entries).toMatchObject([{ level: 'info', fields: { node: 'a', reason, detail: 'a message', ...spec } }]);
  });

  test.each([
    { name: 'lasts, whatever its message', lasting: true, reports: 0 },
    { name: 'has another message now', lasting: false, reports: 1 },
  ])('a hold that an earlier leader reported, as a condition shows, and that $name, is reported $reports times', ({ lasting, reports }) => {
    const { events, reporter } = recording();
    const reason = lasting ? 'AgentNotReady' : 'CordonedByAdministrator';
    const conditions = shadow.status?.conditions?.map((condition) => ({ ...condition, reason })) ?? [];
    if (shadow.status == null) throw new Error('no status');
    const hold = { ...aHold('a', reason), ...(lasting ? { lasting } : {}) };
    reporter.planned(planned([hold], [{ ...shadow, status: { ...shadow.status, conditions } }]));
    expect(events).toHaveLength(reports);
  });
});
