import { describe, expect, test } from '@jest/globals';
import { ago, aFleet, aMember, aPolicy, CLOSED, MINUTE, NOW } from './model/fleet.fixture.ts';
import type { MemberChanges } from './model/fleet.fixture.ts';
import type { FleetPolicy } from './model/policy.ts';
import { planFleet } from './plan-fleet.ts';
import { desired, monitoring, progress, rebooted, staged, withdrawn } from './plan-fleet.fixture.ts';
import { parseCronWindow } from '../window/cron-window.ts';
import type { UpdateWindow } from '../window/window.ts';

const past = parseCronWindow('* * * * * * 2020');
const NEVER: UpdateWindow = past === undefined || past === 'always' ? { kind: 'always' } : past;

describe('planFleet, window and budget', () => {
  test('its window, and who uses the budget once the changes are made', () => {
    const fleet = aFleet([aMember('a', desired('RebootedIntoUpdate')), aMember('b'), aMember('c', { ready: false })]);
    expect(planFleet(fleet, aPolicy({ maxConcurrentUpdates: 2, maxUnavailable: { count: 3 } }), NOW)).toMatchObject({
      changes: [{ node: 'b' }],
      window: { open: true },
      budget: { maxConcurrentUpdates: 2, slots: ['a', 'b'], maxUnavailable: 3, unavailable: ['c', 'a'] },
    });
  });

  test.each([
    { name: 'a number', maxUnavailable: { count: 3 }, limit: 3 },
    { name: 'a share', maxUnavailable: { percent: 25 }, limit: 2 },
    { name: 'a fractional share, rounded down', maxUnavailable: { percent: 49 }, limit: 3 },
    { name: 'a share below one, which counts as one', maxUnavailable: { percent: 1 }, limit: 1 },
  ])('how many of 8 managed nodes may be unavailable: $name', ({ maxUnavailable, limit }) => {
    const nodes = Array.from({ length: 8 }, (_, at) => aMember(String(at)));
    const fleet = aFleet([...nodes, aMember('other', { managed: false, shadow: null })]);
    expect(planFleet(fleet, aPolicy({ maxUnavailable }), NOW).budget.maxUnavailable).toBe(limit);
  });

  test('a closed window with its next opening, and no limit as none', () => {
    const { window, budget } = planFleet(aFleet([]), aPolicy({ window: CLOSED, maxConcurrentUpdates: 'unlimited' }), NOW);
    expect(window).toEqual({ open: false, opensAt: NOW + 60 * MINUTE });
    expect(budget).toEqual({ maxConcurrentUpdates: 'unlimited', slots: [], maxUnavailable: undefined, unavailable: [] });
  });
});

describe('planFleet, contents of changes and holds', () => {
  test('a change carries the whole spec and the version of the shadow it is meant for', () => {
    expect(planFleet(aFleet([aMember('a')]), aPolicy(), NOW).changes).toEqual([
      {
        kind: 'spec',
        node: 'a',
        shadow: 'brs-a',
        resourceVersion: '7',
        reason: 'UpdateStarted',
        message: 'Starting the update from 1.0.0 to 1.1.0',
        spec: { state: 'StagedAndPerformedUpdate', version: '1.1.0', state_transition_timestamp: '2026-01-05T12:00:00.000Z' },
      },
    ]);
  });

  test('a hold on a drain names the step of the agent', () => {
    const fleet = [aMember('a', { ...desired('RebootedIntoUpdate'), status: { ...staged, progress } })];
    expect(planFleet(aFleet(fleet), aPolicy(), NOW).holds[0]?.message).toBe(
      'Waiting for the agent to reach RebootedIntoUpdate: evicting 3 pods',
    );
  });

  test('a finished update without a version is described as well as possible', () => {
    const fleet = [
      aMember('a', { spec: { state: 'RebootedIntoUpdate' }, status: rebooted }),
      aMember('b', { spec: { state: 'StagedAndPerformedUpdate' }, status: staged }),
      aMember('c', { spec: { state: 'RebootedIntoUpdate', state_transition_timestamp: ago(1) }, status: staged, agent: false }),
      aMember('d', { spec: { state: 'StagedAndPerformedUpdate', state_transition_timestamp: ago(10) }, status: staged, agent: false }),
      aMember('e', { spec: { state: 'MonitoringUpdate' }, status: monitoring }),
    ];
    const versions = (policy: Partial<FleetPolicy>): unknown[] =>
      planFleet(aFleet(fleet), aPolicy({ maxConcurrentUpdates: 9, ...policy }), NOW).changes.map(
        (c) => c.kind === 'spec' && c.spec.version,
      );
    expect([...versions({}), ...versions({ window: CLOSED })].every((version) => version === null)).toBe(true);
  });

  test.each([
    { name: 'an attempt that is given up', member: { ...desired('StagedAndPerformedUpdate', 10), status: staged, ready: false } },
    { name: 'a permission that is revoked', member: { ...desired('RebootedIntoUpdate'), status: staged, agent: false } },
  ])('$name keeps its version, which the next step uses', ({ member }) => {
    expect(planFleet(aFleet([aMember('a', member)]), aPolicy({ window: CLOSED }), NOW).changes).toMatchObject([
      { spec: { version: '1.1.0' } },
    ]);
  });

  test('what is given up names the last failure', () => {
    const fleet = [
      aMember('a', { ...desired('StagedAndPerformedUpdate', 10), status: { failure_message: 'Downloading 1.1.0: no route' } }),
    ];
    expect(planFleet(aFleet(fleet), aPolicy(), NOW).changes[0]?.message).toBe(
      'Giving up because the node did not reach StagedAndPerformedUpdate before the deadline; last failure: Downloading 1.1.0: no route',
    );
  });

  test.each([
    ['1.0.0', 'Ending the update to 1.1.0, which is no longer offered'],
    ['1.2.0', 'Ending the update to 1.1.0, which is no longer offered; the node is now offered 1.2.0'],
  ])('an update that is no longer offered names what is offered instead, if anything: %s', (target, expected) => {
    const fleet = aFleet([aMember('a', { ...desired('StagedAndPerformedUpdate'), status: withdrawn(target) })]);
    expect(planFleet(fleet, aPolicy(), NOW).changes[0]?.message).toBe(expected);
  });

  test('a failure names its cause', () => {
    const message = (status: object): string | undefined =>
      planFleet(
        aFleet([aMember('a', { ...desired('RebootedIntoUpdate'), status: { current_state: 'ErrorReset', ...status } })]),
        aPolicy(),
        NOW,
      ).changes[0]?.message;
    expect(message({ failure_message: 'no disk' })).toBe('Resetting after an error: no disk');
    expect(message({})).toBe('Resetting after an error: the agent reported a failure');
  });

  test.each([
    {
      name: 'the earliest time at which a hold may end',
      fleet: [
        aMember('a', desired('StagedAndPerformedUpdate')),
        aMember('b', { status: { crash_count: 1, state_transition_failure_timestamp: ago(1) } }),
        aMember('c', desired('StagedAndPerformedUpdate')),
      ],
      policy: {},
      expected: NOW + MINUTE,
    },
    { name: 'the opening of the window', fleet: [aMember('a')], policy: { window: CLOSED }, expected: NOW + 60 * MINUTE },
    {
      name: 'the closing of the window, for a node that may reboot',
      fleet: [aMember('a', { ...desired('RebootedIntoUpdate'), status: staged })],
      policy: { window: { kind: 'daily', startMs: 0, stopMs: 12 * 60 * MINUTE + 10 * MINUTE } as const },
      expected: NOW + 4 * MINUTE,
    },
    {
      name: 'the end of the soak time',
      fleet: [aMember('a', { ...desired('MonitoringUpdate', 1), status: monitoring })],
      policy: { soakMs: 3 * MINUTE },
      expected: NOW + 2 * MINUTE,
    },
    {
      name: 'the deadline of a node that does not become Ready after its update',
      fleet: [aMember('a', { ...desired('MonitoringUpdate', 1), status: monitoring, ready: false })],
      policy: {},
      expected: NOW + 4 * MINUTE,
    },
    { name: 'never, if the window never opens again', fleet: [aMember('a')], policy: { window: NEVER }, expected: undefined },
    {
      name: 'never, if nothing but an event can change anything',
      fleet: [aMember('a', { ready: false })],
      policy: {},
      expected: undefined,
    },
  ])('rechecks at: $name', ({ fleet, policy, expected }) => {
    expect(planFleet(aFleet(fleet), aPolicy(policy), NOW).recheckAt).toBe(expected);
  });
});

describe('planFleet, messages of holds', () => {
  const failed = (crash_count: number, failure_message?: string): MemberChanges => ({
    status: { crash_count, state_transition_failure_timestamp: ago(1), ...(failure_message === undefined ? {} : { failure_message }) },
  });
  const BUDGET = 'The drain did not finish before the deadline: PodDisruptionBudget default/web allows no disruption of pod default/web-0';
  test.each<{ name: string; member: MemberChanges; message: string }>([
    { name: 'one failure', member: failed(1), message: 'Backing off after a failure to update the node' },
    { name: 'some failures', member: failed(3), message: 'Backing off after 3 consecutive failures to update the node' },
    { name: 'a reported failure', member: failed(1, BUDGET), message: `Backing off after a failure to update the node: ${BUDGET}` },
    {
      name: 'a bad version',
      member: { status: { failed_versions: [{ version: '1.1.0', failures: 2, last_failure_timestamp: ago(1) }] } },
      message: 'Backing off after 2 consecutive failures to run 1.1.0',
    },
    {
      name: 'a missing agent',
      member: { agent: undefined },
      message: 'The node has no agent pod; see the Events of DaemonSet brupop-agent',
    },
    {
      name: 'a download that fails and is tried again',
      member: { ...desired('StagedAndPerformedUpdate'), status: { failure_message: 'Downloading 1.1.0: no route' } },
      message: 'Waiting for the agent to reach StagedAndPerformedUpdate; last failure: Downloading 1.1.0: no route',
    },
    {
      name: 'an attempt that was canceled, and what went wrong in it',
      member: {
        spec: { version: '1.1.0', state_transition_timestamp: ago(1) },
        status: { failure_message: 'Downloading 1.1.0: no route' },
      },
      message: 'Backing off after an update that made no progress: Downloading 1.1.0: no route',
    },
  ])('reports $name', ({ member, message }) => {
    expect(planFleet(aFleet([aMember('a', member)]), aPolicy(), NOW).holds).toMatchObject([{ node: 'a', message }]);
  });
});

describe('planFleet, since when', () => {
  test.each<{ name: string; member: MemberChanges; since: string | undefined }>([
    { name: 'the node is not Ready', member: { ready: false, readySince: ago(7) }, since: ago(7) },
    { name: 'its agent is not Ready', member: { agent: false }, since: ago(8) },
    { name: 'its agent has run without registering it', member: { shadow: null }, since: ago(8) },
    { name: 'the shadow stands without a report', member: { status: null }, since: ago(10_000) },
    { name: 'the time is unknown', member: { ready: false, readySince: 'noon' }, since: undefined },
  ])('$name', ({ member, since }) => {
    const fleet = { ...aFleet([aMember('a', member)]), agentsSince: new Map([['a', ago(8)]]) };
    const [hold] = planFleet(fleet, aPolicy(), NOW).holds;
    expect(hold?.since).toBe(since === undefined ? undefined : Date.parse(since));
  });
});
