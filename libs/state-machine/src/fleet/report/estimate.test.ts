import { describe, expect, test } from '@jest/globals';
import { estimateFleet } from './estimate.ts';
import type { AveragePhaseDurations } from './estimate.ts';
import { ago, aFleet, aMember, aPolicy, CLOSED, inWindow, MINUTE, NOW } from '../model/fleet.fixture.ts';
import type { Member, MemberChanges } from '../model/fleet.fixture.ts';
import { planFleet } from '../plan-fleet.ts';
import type { FleetPolicy } from '../model/policy.ts';
import { parseCronWindow } from '../../window/cron-window.ts';
import type { UpdateWindow } from '../../window/window.ts';

/** Ten minutes in all. */
const TOOK: AveragePhaseDurations = { stage: 4 * MINUTE, drain: 2 * MINUTE, reboot: 3 * MINUTE, monitor: 1 * MINUTE };

const atTwo = parseCronWindow('0 0 2 * * * *');
const AT_TWO: UpdateWindow = atTwo === undefined || atTwo === 'always' ? { kind: 'always' } : atTwo;

const desired = (state: 'StagedAndPerformedUpdate' | 'RebootedIntoUpdate' | 'MonitoringUpdate', minutes: number): MemberChanges => ({
  spec: { state, version: '1.1.0', state_transition_timestamp: ago(minutes) },
});
const draining = (minutes: number, reason?: string): MemberChanges => ({
  ...desired('RebootedIntoUpdate', minutes),
  status: {
    current_state: 'StagedAndPerformedUpdate',
    progress: {
      step: 'Draining',
      since: ago(minutes),
      boot_id: 'b',
      version: '1.1.0',
      message: 'x',
      ...(reason === undefined ? {} : { reason }),
    },
  },
});

interface Row {
  readonly name: string;
  readonly fleet: readonly Member[];
  readonly policy?: Partial<FleetPolicy>;
  readonly took?: AveragePhaseDurations;
  /** Minutes from now. */
  readonly expected: Readonly<Record<string, number>>;
  readonly unknown?: number;
}

describe(estimateFleet, () => {
  test.each<Row>([
    { name: 'no estimate before anything was measured', fleet: [aMember('a')], took: {}, expected: {}, unknown: 1 },
    { name: 'no estimate before a whole update was measured', fleet: [aMember('a')], took: { stage: 1 }, expected: {}, unknown: 1 },
    { name: 'an updated node is no work', fleet: [aMember('a', { status: { current_version: '1.1.0' } })], expected: {} },
    { name: 'a node that starts takes all its phases', fleet: [aMember('a')], expected: { a: 10 } },
    { name: 'a node under way takes what is left', fleet: [aMember('a', desired('StagedAndPerformedUpdate', 3))], expected: { a: 7 } },
    { name: 'a drain that continues takes what is left', fleet: [aMember('a', draining(1))], expected: { a: 5 } },
    { name: 'a phase that takes longer than usual is about to end', fleet: [aMember('a', draining(9))], expected: { a: 4 } },
    { name: 'no estimate for a blocked drain', fleet: [aMember('a', draining(1, 'DisruptionBudget'))], expected: {}, unknown: 1 },
    { name: 'no estimate for a stuck node', fleet: [aMember('a', draining(99))], expected: {}, unknown: 1 },
    { name: 'one after the other on one slot', fleet: ['a', 'b', 'c'].map((name) => aMember(name)), expected: { a: 10, b: 20, c: 30 } },
    {
      name: 'side by side on two slots, the first of which is half way',
      fleet: [aMember('a', draining(0)), ...['b', 'c', 'd'].map((name) => aMember(name))],
      policy: { maxConcurrentUpdates: 2 },
      expected: { a: 6, b: 10, c: 16, d: 20 },
    },
    {
      name: 'in as many rounds as needed',
      fleet: ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => aMember(name)),
      policy: { maxConcurrentUpdates: 2 },
      expected: { a: 10, b: 10, c: 20, d: 20, e: 30, f: 30, g: 40 },
    },
    {
      name: 'a node that has returned takes as long as its monitoring',
      fleet: [
        aMember('a', { ...desired('RebootedIntoUpdate', 5), status: { current_state: 'RebootedIntoUpdate', current_version: '1.1.0' } }),
      ],
      expected: { a: 1 },
    },
    {
      name: 'a node that is done is done now, and the next has its slot',
      fleet: [
        aMember('a', { ...desired('MonitoringUpdate', 5), status: { current_state: 'MonitoringUpdate', current_version: '1.1.0' } }),
        aMember('b'),
      ],
      expected: { a: 0, b: 10 },
    },
    {
      name: 'a node that has failed leaves its slot now, and has no estimate',
      fleet: [aMember('a', { ...desired('RebootedIntoUpdate', 5), status: { current_state: 'ErrorReset' } }), aMember('b')],
      expected: { b: 10 },
      unknown: 1,
    },
    {
      name: 'all in parallel without a limit',
      fleet: ['a', 'b', 'c'].map((name) => aMember(name)),
      policy: { maxConcurrentUpdates: 'unlimited' },
      expected: { a: 10, b: 10, c: 10 },
    },
    {
      name: 'the last node in service as if it did not have to wait for another',
      fleet: [
        aMember('a', draining(0)),
        aMember('b', { ...desired('StagedAndPerformedUpdate', 3), status: { current_state: 'StagedAndPerformedUpdate' } }),
      ],
      policy: { maxConcurrentUpdates: 'unlimited' },
      expected: { a: 6, b: 6 },
    },
    {
      name: 'no estimate for nodes behind a slot without an estimate',
      fleet: [aMember('a', draining(1, 'DisruptionBudget')), aMember('b')],
      expected: {},
      unknown: 2,
    },
    {
      name: 'but of those behind another slot',
      fleet: [aMember('a', draining(1, 'DisruptionBudget')), aMember('b')],
      policy: { maxConcurrentUpdates: 2 },
      expected: { b: 10 },
      unknown: 1,
    },
    {
      name: 'from the next opening of the window on',
      fleet: [aMember('a'), aMember('b')],
      policy: { window: CLOSED },
      expected: { a: 70, b: 80 },
    },
    {
      name: 'a node staged in the last minutes of a window drains in the next',
      // Open from 11:30; nothing starts in the last 6 minutes before 12:08.
      fleet: [aMember('a')],
      policy: { window: { kind: 'daily', startMs: 11.5 * 60 * MINUTE, stopMs: 12 * 60 * MINUTE + 8 * MINUTE } },
      expected: { a: 23.5 * 60 + 6 },
    },
    {
      name: 'as does one that is still staging when it closes',
      fleet: [aMember('a', desired('StagedAndPerformedUpdate', 1))],
      policy: { window: { kind: 'daily', startMs: 11.5 * 60 * MINUTE, stopMs: 12 * 60 * MINUTE + 8 * MINUTE } },
      expected: { a: 23.5 * 60 + 6 },
    },
    {
      name: 'a drain that has begun does not wait for a window',
      fleet: [aMember('a', draining(1))],
      policy: { window: CLOSED },
      expected: { a: 5 },
    },
    {
      name: 'from the next time of a trigger, all in one rollout',
      fleet: [aMember('a'), aMember('b')],
      policy: { window: AT_TWO },
      expected: { a: 14 * 60 + 10, b: 14 * 60 + 20 },
    },
    {
      name: 'a triggered rollout continues',
      fleet: [inWindow(aMember('a', desired('StagedAndPerformedUpdate', 3))), aMember('b')],
      policy: { window: AT_TWO },
      expected: { a: 7, b: 17 },
    },
    {
      name: 'a node that backs off comes after its backoff and after those without',
      fleet: [
        aMember('a', { status: { crash_count: 5, state_transition_failure_timestamp: ago(2) } }),
        aMember('b', { status: { crash_count: 3, state_transition_failure_timestamp: ago(2) } }),
        aMember('c'),
      ],
      expected: { c: 10, b: 20, a: 40 },
    },
    {
      name: 'a node that cannot be updated for its own reason counts as unknown',
      fleet: [aMember('a'), aMember('b', { ready: false }), aMember('c', { agent: undefined })],
      expected: { a: 10 },
      unknown: 2,
    },
    {
      name: 'a node that an update left unavailable keeps its slot',
      fleet: [aMember('a', { cordonedByUs: true, unschedulable: true, status: { current_version: '1.1.0' } }), aMember('b')],
      expected: {},
      unknown: 1,
    },
  ])('$name', ({ fleet, policy, took = TOOK, expected, unknown = 0 }) => {
    const observation = aFleet(fleet);
    const rules = aPolicy(policy);
    const estimate = estimateFleet(planFleet(observation, rules, NOW), observation.shadows, rules.window, took, NOW);
    const minutes = Object.fromEntries([...estimate.byNode].map(([node, at]) => [node, (at - NOW) / MINUTE]));
    expect({ minutes, unknown: estimate.unknown }).toEqual({ minutes: expected, unknown });
    const last = Math.max(...Object.values(expected));
    expect(estimate.finishesAt).toBe(Object.keys(expected).length === 0 ? undefined : NOW + last * MINUTE);
  });
});
