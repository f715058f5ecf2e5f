import type { BottlerocketShadow } from '@brupop/crd-models';
import type { Condition } from '@brupop/kube-objects';
import type { EventInput } from '@brupop/kube-runtime';
import { memoryLogger, VirtualClock } from '@brupop/ports';
import { HOLD_REASONS, severityOf, shadowConditions } from '@brupop/state-machine';
import type { FleetHold, FleetObservation, FleetPlan, HoldReason } from '@brupop/state-machine';
import { describe, expect, test } from '@jest/globals';
import { createFleetMetrics } from './fleet-metrics.ts';
import { createPhaseDurations } from './phase-durations.ts';
import { planView } from './plan-view.ts';
import { createPlanReporter } from './report-plan.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const REASONS = Object.keys(HOLD_REASONS) as HoldReason[];
const PLAN: Omit<FleetPlan, 'holds'> = {
  changes: [],
  window: { open: true },
  budget: { maxConcurrentUpdates: 1, slots: [], maxUnavailable: undefined, unavailable: [] },
  recheckAt: undefined,
};

/** What is reported about a node with this hold, in every place that a user may look at. */
function reportsOf(hold: FleetHold, conditions: readonly Omit<Condition, 'lastTransitionTime'>[] = []) {
  const draining = hold.reason === 'DrainBlocked';
  const shadow: BottlerocketShadow = {
    apiVersion: 'brupop.bottlerocket.aws/v2',
    kind: 'BottlerocketShadow',
    metadata: { name: 'brs-a', namespace: 'brupop', uid: 'shadow-uid' },
    spec: { state: draining ? 'RebootedIntoUpdate' : 'Idle', version: '1.1.0' },
    status: {
      current_version: '1.0.0',
      target_version: '1.1.0',
      current_state: 'Idle',
      crash_count: 0,
      conditions: conditions.map((condition) => ({ ...condition, lastTransitionTime: '2026-01-05T11:00:00Z' })),
      ...(draining
        ? {
            progress: {
              step: 'Draining',
              since: '2026-01-05T11:00:00Z',
              boot_id: 'b',
              version: '1.1.0',
              message: hold.message,
              reason: 'DisruptionBudget',
            },
          }
        : {}),
    },
  };
  const node = {
    name: 'a',
    uid: 'node-uid',
    managed: true,
    ready: true,
    unschedulable: false,
    tainted: false,
    cordonedByUs: false,
    excludedByUs: false,
    deleting: false,
  };
  const observation: FleetObservation = { nodes: [node], shadows: [shadow], agents: new Map() };
  const events: EventInput[] = [];
  const log = memoryLogger();
  const reporter = createPlanReporter({
    events: { record: (event) => events.push(event), flush: () => Promise.resolve() },
    log,
    clock: new VirtualClock(),
    metrics: createFleetMetrics(),
    phases: createPhaseDurations(),
  });
  const snapshot = {
    at: NOW,
    observation,
    plan: { ...PLAN, holds: [hold] },
    estimate: { byNode: new Map<string, number>(), finishesAt: undefined, unknown: 1 },
  };
  for (let again = 0; again < 2; again++) reporter.planned(snapshot);
  return {
    log: log.entries.map(({ level, fields }) => ({ level, reason: fields['reason'], message: fields['detail'] })),
    plan: planView(snapshot, { leader: true, leaderIdentity: 'me', synced: true, durations: {} }).nodes,
    events: events.map(({ regarding, type, reason, message }) => ({ kind: regarding.kind, type, reason, message })),
    conditions: shadowConditions(shadow, hold, NOW).filter(({ message }) => message === hold.message),
  };
}

const hold = (reason: HoldReason): FleetHold => ({ node: 'a', reason, message: `The message of ${reason}` });
const lasting = (reason: HoldReason): FleetHold => ({ ...hold(reason), lasting: true });
const LASTING = REASONS.filter((reason) => HOLD_REASONS[reason].severity === 'lasting');
/** Reasons why an idle node waits for an update that is offered. */
const WAITS = REASONS.filter(
  (reason) =>
    !HOLD_REASONS[reason].updating &&
    !['lasting', 'notice'].includes(HOLD_REASONS[reason].severity) &&
    !['UpToDate', 'NotChecked', 'UpdateCheckUnknown', 'UpdateCheckFailing'].includes(reason),
);
const brief = ({ type, status, reason }: Condition): string => `${type}=${status} ${reason}`;

describe('the reports about a node that waits', () => {
  test.each(REASONS)('%s: the plan shows the message of the decision', (reason) => {
    expect(reportsOf(hold(reason)).plan).toMatchObject([{ node: 'a', next: 'wait', reason, message: hold(reason).message }]);
  });

  test.each(REASONS)('%s: is logged once, with the same message', (reason) => {
    const level = severityOf(hold(reason)) === 'quiet' ? 'debug' : 'warn';
    expect(reportsOf(hold(reason)).log).toEqual([{ level, reason, message: hold(reason).message }]);
  });

  test.each(REASONS.filter((reason) => severityOf(hold(reason)) !== 'quiet'))(
    '%s: is in one Event each of the node and its shadow, with the same message',
    (reason) => {
      const event = { type: 'Warning', reason, message: hold(reason).message };
      expect(reportsOf(hold(reason)).events).toEqual([
        { kind: 'Node', ...event },
        { kind: 'BottlerocketShadow', ...event },
      ]);
    },
  );

  test.each(REASONS.filter((reason) => severityOf(hold(reason)) === 'trouble'))(
    '%s: is in a condition, with the same message',
    (reason) => {
      expect(reportsOf(hold(reason)).conditions.map(brief)).toContain(`Healthy=False ${reason}`);
    },
  );

  test('a blocked drain: is in a condition, with the same message', () => {
    expect(reportsOf({ ...hold('DrainBlocked'), lasting: true }).conditions.map(brief)).toEqual(['Drained=False DrainBlocked']);
  });

  test('a stuck node: is in two conditions, with the same message', () => {
    expect(reportsOf(hold('Stuck')).conditions.map(brief)).toEqual(['Stuck=True DeadlinePassed', 'Healthy=False Stuck']);
  });

  // At thousands of nodes these would bury the others.
  test.each(REASONS.filter((reason) => severityOf(hold(reason)) === 'quiet'))(
    '%s: is in no Event, and in no condition but Updating',
    (reason) => {
      const { events, conditions } = reportsOf(hold(reason));
      expect([events, conditions.filter(({ type }) => type !== 'Updating')]).toEqual([[], []]);
    },
  );

  test.each(WAITS)('%s: is in the condition Updating of an idle node, with the same message', (reason) => {
    expect(reportsOf(hold(reason)).conditions.map(brief)).toContain(`Updating=False ${reason}`);
  });

  test.each(LASTING)('%s, once it lasts: is in the log, in Events and in a condition, with the same message', (reason) => {
    const { log, events, conditions } = reportsOf(lasting(reason));
    const { message } = hold(reason);
    const event = { type: 'Warning', reason, message };
    expect(log).toEqual([{ level: 'warn', reason, message }]);
    expect(events).toEqual([
      { kind: 'Node', ...event },
      { kind: 'BottlerocketShadow', ...event },
    ]);
    const updating = HOLD_REASONS[reason].updating ? [] : [`Updating=Unknown ${reason}`];
    expect(conditions.map(brief)).toEqual([...updating, `Healthy=False ${reason}`]);
  });

  test.each([...REASONS.filter((reason) => severityOf(hold(reason)) === 'trouble').map(hold), ...LASTING.map(lasting)])(
    '$reason: no Event repeats what an earlier leader reported, as a condition shows',
    (reported) => {
      expect(
        reportsOf(reported, [{ type: 'Healthy', status: 'False', reason: reported.reason, message: reported.message }]).events,
      ).toEqual([]);
    },
  );
});
