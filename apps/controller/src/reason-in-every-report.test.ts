import type { BottlerocketShadow, Condition } from '@brupop/crd-models';
import type { EventInput } from '@brupop/kube-runtime';
import { memoryLogger } from '@brupop/process';
import { HOLD_REASONS, severityOf, shadowConditions } from '@brupop/state-machine';
import type { FleetHold, FleetObservation, FleetPlan, HoldReason } from '@brupop/state-machine';
import { describe, expect, test } from '@jest/globals';
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

/** What is told of a node that is held for this reason, wherever a user may look. */
function toldOf(hold: FleetHold, carried: readonly Omit<Condition, 'lastTransitionTime'>[] = []) {
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
      conditions: carried.map((condition) => ({ ...condition, lastTransitionTime: '2026-01-05T11:00:00Z' })),
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
  const reporter = createPlanReporter({ events: { record: (event) => events.push(event), flush: () => Promise.resolve() }, log });
  for (let again = 0; again < 2; again++) reporter.held([hold], observation);
  const picture = {
    at: NOW,
    observation,
    plan: { ...PLAN, holds: [hold] },
    estimate: { byNode: new Map<string, number>(), finishesAt: undefined, unknown: 1 },
  };
  return {
    log: log.entries.map(({ level, fields }) => ({ level, reason: fields['reason'], message: fields['detail'] })),
    plan: planView(picture, { leader: true, leaderIdentity: 'me', synced: true, durations: {} }).nodes,
    events: events.map(({ regarding, type, reason, message }) => ({ kind: regarding.kind, type, reason, message })),
    conditions: shadowConditions(shadow, hold, NOW).filter(({ message }) => message === hold.message),
  };
}

const hold = (reason: HoldReason): FleetHold => ({ node: 'a', reason, message: `The words for ${reason}` });
const lasting = (reason: HoldReason): FleetHold => ({ ...hold(reason), lasting: true });
const LASTING = REASONS.filter((reason) => HOLD_REASONS[reason].severity === 'lasting');
/** Why an idle node waits for an update that is offered. */
const WAITS = REASONS.filter(
  (reason) =>
    !HOLD_REASONS[reason].updating &&
    !['lasting', 'notice'].includes(HOLD_REASONS[reason].severity) &&
    !['UpToDate', 'NotChecked', 'UpdateCheckUnknown', 'UpdateCheckFailing'].includes(reason),
);
const brief = ({ type, status, reason }: Condition): string => `${type}=${status} ${reason}`;

describe('what is told of a node that is held', () => {
  test.each(REASONS)('%s: the plan says it in the words of the decision', (reason) => {
    expect(toldOf(hold(reason)).plan).toMatchObject([{ node: 'a', next: 'wait', reason, message: hold(reason).message }]);
  });

  test.each(REASONS)('%s: the log says it once, in the same words', (reason) => {
    const level = severityOf(hold(reason)) === 'quiet' ? 'debug' : 'warn';
    expect(toldOf(hold(reason)).log).toEqual([{ level, reason, message: hold(reason).message }]);
  });

  test.each(REASONS.filter((reason) => severityOf(hold(reason)) !== 'quiet'))(
    '%s: Events of the node and of its shadow say it once, in the same words',
    (reason) => {
      const event = { type: 'Warning', reason, message: hold(reason).message };
      expect(toldOf(hold(reason)).events).toEqual([
        { kind: 'Node', ...event },
        { kind: 'BottlerocketShadow', ...event },
      ]);
    },
  );

  test.each(REASONS.filter((reason) => severityOf(hold(reason)) === 'trouble'))('%s: a condition says it in the same words', (reason) => {
    expect(toldOf(hold(reason)).conditions.map(brief)).toContain(`Healthy=False ${reason}`);
  });

  test('a blocked drain: a condition says it in the same words', () => {
    expect(toldOf({ ...hold('DrainBlocked'), lasting: true }).conditions.map(brief)).toEqual(['Drained=False DrainBlocked']);
  });

  test('a stuck node: two conditions say it in the same words', () => {
    expect(toldOf(hold('Stuck')).conditions.map(brief)).toEqual(['Stuck=True DeadlinePassed', 'Healthy=False Stuck']);
  });

  // At thousands of nodes these would bury the others.
  test.each(REASONS.filter((reason) => severityOf(hold(reason)) === 'quiet'))(
    '%s: is in no Event, and in no other condition than Updating',
    (reason) => {
      const { events, conditions } = toldOf(hold(reason));
      expect([events, conditions.filter(({ type }) => type !== 'Updating')]).toEqual([[], []]);
    },
  );

  test.each(WAITS)('%s: the condition Updating of an idle node says it in the same words', (reason) => {
    expect(toldOf(hold(reason)).conditions.map(brief)).toContain(`Updating=False ${reason}`);
  });

  test.each(LASTING)('%s, once it lasts: log, Events and a condition say it in the same words', (reason) => {
    const { log, events, conditions } = toldOf(lasting(reason));
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
    '$reason: no Event repeats what an earlier leader has told, as a condition shows',
    (told) => {
      expect(toldOf(told, [{ type: 'Healthy', status: 'False', reason: told.reason, message: told.message }]).events).toEqual([]);
    },
  );
});
