import type { ShadowStatus } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { ago, aFleet, aMember, aNode, aPolicy, aShadow, CLOSED, lines, MINUTE, NOW } from '../model/fleet.fixture.ts';
import type { MemberChanges } from '../model/fleet.fixture.ts';
import { planFleet } from '../plan-fleet.ts';
import { desired, expectPlan, rebooted, staged } from '../plan-fleet.fixture.ts';
import type { PlanRow } from '../plan-fleet.fixture.ts';

describe('planFleet, why a node is not eligible', () => {
  test.each<PlanRow>([
    { name: 'its agent has not registered it', fleet: [aMember('a', { shadow: null })], expected: ['a: NoShadow'] },
    { name: 'its agent has not reported', fleet: [aMember('a', { status: null })], expected: ['a: NotReported'] },
    { name: 'its target is no version', fleet: [aMember('a', { status: { target_version: 'latest' } })], expected: ['a: InvalidVersion'] },
    {
      name: 'its host cannot check for updates, as an older agent reports',
      fleet: [aMember('a', { status: { current_version: '1.1.0', failure_message: 'no route', update_check: null } })],
      expected: ['a: UpdateCheckFailing'],
    },
    {
      name: 'its host cannot check for updates, even if an update has failed before',
      fleet: [aMember('a', { status: { crash_count: 1, update_check: { result: 'Failing', reason: 'HostAnswer', message: 'no' } } })],
      expected: ['a: UpdateCheckFailing'],
    },
    {
      name: 'its host has not checked since it booted',
      fleet: [aMember('a', { status: { current_version: '1.1.0', update_check: { result: 'NotChecked' } } })],
      expected: ['a: NotChecked'],
    },
    {
      name: 'its agent, an older one, does not report when its host checked',
      fleet: [aMember('a', { status: { current_version: '1.1.0', update_check: null } })],
      expected: ['a: UpdateCheckUnknown'],
    },
    {
      name: 'its agent reports something that only newer controllers know',
      fleet: [aMember('a', { status: { current_version: '1.1.0', update_check: { result: 'Foo' } } })],
      expected: ['a: UpdateCheckUnknown'],
    },
    {
      name: 'its update has failed, and another is not offered',
      fleet: [aMember('a', { status: { current_version: '1.1.0', failure_message: 'no disk', crash_count: 1 } })],
      expected: ['a: UpToDate'],
    },
    { name: 'it is being deleted', fleet: [aMember('a', { deleting: true })], expected: ['a: NodeDeleting'] },
    { name: 'it is not Ready', fleet: [aMember('a', { ready: false })], expected: ['a: NodeNotReady'] },
    { name: 'its agent is not Ready', fleet: [aMember('a', { agent: false })], expected: ['a: AgentNotReady'] },
    { name: 'it has no agent', fleet: [aMember('a', { agent: undefined })], expected: ['a: AgentNotReady'] },
    {
      name: 'its agent is down, so that it may not be up to date any more',
      fleet: [aMember('a', { agent: false, status: { current_version: '1.1.0' } })],
      expected: ['a: AgentNotReady'],
    },
    {
      name: 'it has no agent that could register it',
      fleet: [aMember('a', { agent: undefined, shadow: null })],
      expected: ['a: AgentNotReady'],
    },
    {
      name: 'its agent is down and has never reported',
      fleet: [aMember('a', { agent: false, status: null })],
      expected: ['a: AgentNotReady'],
    },
    {
      name: 'it is down and has never been registered',
      fleet: [aMember('a', { ready: false, shadow: null })],
      expected: ['a: NodeNotReady'],
    },
    { name: 'an administrator has cordoned it', fleet: [aMember('a', { unschedulable: true })], expected: ['a: CordonedByAdministrator'] },
    {
      name: 'an administrator has cordoned it after it was staged',
      fleet: [aMember('a', { ...desired('StagedAndPerformedUpdate'), status: staged, unschedulable: true })],
      expected: ['a: CordonedByAdministrator'],
    },
    {
      name: 'it has just crashed',
      fleet: [aMember('a', { status: { crash_count: 3, state_transition_failure_timestamp: ago(7) } })],
      expected: ['a: CrashBackoff'],
    },
    {
      name: 'it has just failed to run the version',
      fleet: [aMember('a', { status: { failed_versions: [{ version: '1.1.0', failures: 2, last_failure_timestamp: ago(3) }] } })],
      expected: ['a: VersionBackoff'],
    },
    {
      name: 'its last attempt was given up a moment ago',
      fleet: [aMember('a', { spec: { version: '1.1.0', state_transition_timestamp: ago(1) } })],
      expected: ['a: RetryBackoff'],
    },
    { name: 'the window is closed', fleet: [aMember('a')], policy: { window: CLOSED }, expected: ['a: WindowClosed'] },
    {
      name: 'the window has closed after it was staged',
      fleet: [aMember('a', { ...desired('StagedAndPerformedUpdate', 600), status: staged })],
      policy: { window: CLOSED },
      expected: ['a: WindowClosed'],
    },
    { name: 'it is not managed, and then it is not even mentioned', fleet: [aMember('a', { managed: false, shadow: null })], expected: [] },
  ])('$name', expectPlan);

  test.each<PlanRow>([
    {
      name: 'a backoff that has passed',
      fleet: [aMember('a', { status: { crash_count: 3, state_transition_failure_timestamp: ago(8) } })],
      expected: ['a→StagedAndPerformedUpdate UpdateStarted'],
    },
    {
      name: 'a crash count whose time is unreadable',
      fleet: [
        aMember('a', {
          spec: { state_transition_timestamp: 'never' },
          status: { crash_count: 4_294_967_295, state_transition_failure_timestamp: 'soon' },
        }),
      ],
      expected: ['a→StagedAndPerformedUpdate UpdateStarted'],
    },
    {
      name: 'a failure of another version',
      fleet: [aMember('a', { status: { failed_versions: [{ version: '1.0.5', failures: 9, last_failure_timestamp: ago(1) }] } })],
      expected: ['a→StagedAndPerformedUpdate UpdateStarted'],
    },
    {
      name: 'an attempt that was given up some time ago',
      fleet: [aMember('a', { spec: { version: '1.1.0', state_transition_timestamp: ago(2) } })],
      expected: ['a→StagedAndPerformedUpdate UpdateStarted'],
    },
    {
      name: 'an attempt that was given up at an unknown time',
      fleet: [aMember('a', { spec: { version: '1.1.0', state_transition_timestamp: null } })],
      expected: ['a→StagedAndPerformedUpdate UpdateStarted'],
    },
  ])('does not hold: $name', expectPlan);
});

describe('planFleet, what is known of updates', () => {
  const messageOf = (status: Partial<ShadowStatus>, overdue: readonly string[] = []): string | undefined =>
    planFleet({ ...aFleet([aMember('a', { status })]), overdueChecks: new Set(overdue) }, aPolicy(), NOW).holds[0]?.message;
  const current = { current_version: '1.1.0' };
  test.each([
    {
      name: 'says when the host last checked',
      status: { ...current, update_check: { result: 'NothingNewer', checked_at: ago(5) } },
      message: `Running 1.1.0; no newer version is offered (checked at ${ago(5)})`,
    },
    {
      name: 'names what a version lock or a wave holds back',
      status: { ...current, update_check: { result: 'NothingNewer', checked_at: ago(5), newest_listed: '1.2.0' } },
      message: `Running 1.1.0; no newer version is offered: 1.2.0 is listed, but a version lock or the wave of this host excludes it (checked at ${ago(5)})`,
    },
    {
      name: 'quotes the host that cannot check',
      status: { ...current, update_check: { result: 'Failing', checked_at: ago(50), message: 'no route' } },
      message: 'no route',
    },
    {
      name: 'says that an agent has stopped reporting checks, even if there is an update',
      status: { update_check: { result: 'UpdateAvailable', checked_at: ago(500) } },
      overdue: ['brs-a'],
      message: `The agent has stopped reporting checks for updates; the last reported check was at ${ago(500)}`,
    },
  ])('$name', ({ status, overdue, message }) => {
    expect(messageOf(status, overdue)).toBe(message);
  });

  test.each([{ update_check: null }, { update_check: { result: 'Foo' } }])(
    'an agent that does not report, %j, is updated nevertheless',
    (status) => {
      expect(lines(planFleet(aFleet([aMember('a', { status })]), aPolicy(), NOW))).toEqual(['a→StagedAndPerformedUpdate UpdateStarted']);
    },
  );
});

describe('planFleet, a version that fails', () => {
  const bad = (minutes = 600): MemberChanges => ({
    status: { failed_versions: [{ version: '1.1.0', failures: 1, last_failure_timestamp: ago(minutes) }] },
  });
  const good: MemberChanges = { status: { current_version: '1.1.0' } };
  const policy = { maxConcurrentUpdates: 'unlimited', maxFailedNodes: 2 } as const;
  test.each<PlanRow>([
    {
      name: 'is given to no further node once so many have failed to run it',
      fleet: [aMember('a', bad(1)), aMember('b', bad(1)), aMember('c')],
      policy,
      expected: ['a: VersionBackoff', 'b: VersionBackoff', 'c: VersionFailing'],
    },
    {
      name: 'is tried again by those that have failed',
      fleet: [aMember('a', bad()), aMember('b', bad()), aMember('c')],
      policy,
      expected: ['a→StagedAndPerformedUpdate UpdateStarted', 'b→StagedAndPerformedUpdate UpdateStarted', 'c: VersionFailing'],
    },
    {
      name: 'is given to others while few have failed',
      fleet: [aMember('a', bad(1)), aMember('c')],
      policy,
      expected: ['c→StagedAndPerformedUpdate UpdateStarted', 'a: VersionBackoff'],
    },
    {
      name: 'is offered to others if it runs on more nodes than have failed',
      fleet: [aMember('a', bad(1)), aMember('b', bad(1)), aMember('c'), aMember('d', good), aMember('e', good), aMember('f', good)],
      policy,
      expected: [
        'c→StagedAndPerformedUpdate UpdateStarted',
        'a: VersionBackoff',
        'b: VersionBackoff',
        'd: UpToDate',
        'e: UpToDate',
        'f: UpToDate',
      ],
    },
    {
      name: 'is offered to no other node if it runs on just as many nodes as have failed',
      fleet: [aMember('a', bad(1)), aMember('b', bad(1)), aMember('c'), aMember('d', good), aMember('e', good)],
      policy,
      expected: ['a: VersionBackoff', 'b: VersionBackoff', 'c: VersionFailing', 'd: UpToDate', 'e: UpToDate'],
    },
    {
      name: 'does not count against the next version',
      fleet: [aMember('a', bad(1)), aMember('b', bad(1)), aMember('c', { status: { target_version: '1.1.1' } })],
      policy,
      expected: ['c→StagedAndPerformedUpdate UpdateStarted', 'a: VersionBackoff', 'b: VersionBackoff'],
    },
    {
      name: 'has failed if it runs and the node is not healthy on it',
      fleet: [aMember('a', { status: { ...bad(1).status, current_version: '1.1.0' } }), aMember('b', bad(1)), aMember('c')],
      policy,
      expected: ['a: UnhealthyAfterUpdate', 'b: VersionBackoff', 'c: VersionFailing'],
    },
    {
      name: 'has failed where its monitoring is past the deadline',
      fleet: [aMember('a', { ...desired('MonitoringUpdate', 6), status: rebooted, ready: false }), aMember('b', bad(1)), aMember('c')],
      policy,
      expected: ['a: Stuck', 'b: VersionBackoff', 'c: VersionFailing'],
    },
    {
      name: 'has failed if its monitoring was canceled, until the agent reports how the node is',
      fleet: [
        aMember('a', { spec: { version: '1.1.0', state_transition_timestamp: ago(1) }, status: rebooted }),
        aMember('b', bad(1)),
        aMember('c'),
      ],
      policy,
      expected: ['a: Recovering', 'b: VersionBackoff', 'c: VersionFailing'],
    },
    {
      name: 'has not failed if the agent has since reported the node idle without a failure',
      fleet: [
        aMember('a', { spec: { version: '1.1.0', state_transition_timestamp: ago(1) }, status: { current_version: '1.1.0' } }),
        aMember('b', bad(1)),
        aMember('c'),
      ],
      policy,
      expected: ['c→StagedAndPerformedUpdate UpdateStarted', 'a: UpToDate', 'b: VersionBackoff'],
    },
    {
      name: 'leaves a node that was not healthy on it free for the next',
      fleet: [
        aMember('a', {
          status: {
            ...bad(10).status,
            current_version: '1.1.0',
            target_version: '1.2.0',
            crash_count: 1,
            state_transition_failure_timestamp: ago(10),
          },
        }),
      ],
      policy,
      expected: ['a→StagedAndPerformedUpdate UpdateStarted'],
    },
    {
      name: 'is given to all without a limit',
      fleet: [aMember('a', bad(1)), aMember('b', bad(1)), aMember('c')],
      policy: { maxConcurrentUpdates: 'unlimited' },
      expected: ['c→StagedAndPerformedUpdate UpdateStarted', 'a: VersionBackoff', 'b: VersionBackoff'],
    },
  ])('$name', expectPlan);
});

describe('planFleet, shadows that cannot be written', () => {
  const failingWrites = new Map([['brs-a', { message: 'denied', until: NOW + MINUTE }]]);
  const isStaged = { ...desired('StagedAndPerformedUpdate'), status: staged };

  test.each<PlanRow>([
    {
      name: 'a node that cannot be allowed to start leaves the slot to another',
      fleet: [aMember('a'), aMember('b')],
      expected: ['b→StagedAndPerformedUpdate UpdateStarted', 'a: WriteFailing'],
    },
    {
      name: 'a node that cannot be allowed to reboot has its slot',
      fleet: [aMember('a', isStaged), aMember('b')],
      expected: ['a: WriteFailing', 'b: NoFreeSlot'],
    },
    {
      name: 'a reset is put off',
      fleet: [aMember('a', { ...desired('StagedAndPerformedUpdate'), status: { current_state: 'ErrorReset' } })],
      expected: ['a: WriteFailing'],
    },
    {
      name: 'a stuck node that cannot be canceled may still continue, and keeps its slot',
      fleet: [aMember('a', desired('RebootedIntoUpdate', 21)), aMember('b')],
      expected: ['a: WriteFailing', 'b: NoFreeSlot'],
    },
    {
      name: 'one slot is no other',
      fleet: [aMember('a', desired('RebootedIntoUpdate', 21)), aMember('b'), aMember('c')],
      policy: { maxConcurrentUpdates: 2 },
      expected: ['b→StagedAndPerformedUpdate UpdateStarted', 'a: WriteFailing', 'c: NoFreeSlot'],
    },
    {
      name: 'a node with another reason to wait reports that one',
      fleet: [aMember('a', { status: { target_version: '1.0.0' } })],
      expected: ['a: UpToDate'],
    },
    {
      name: 'the shadow of a deleted node is left alone',
      fleet: [{ node: aNode('b', { managed: false }), shadow: aShadow('a') }],
      expected: [],
    },
  ])('$name', ({ fleet, policy, expected }) => {
    const plan = planFleet({ ...aFleet(fleet), failingWrites }, aPolicy(policy), NOW);
    expect(lines(plan)).toEqual(expected);
    expect(plan.recheckAt).toBe(NOW + MINUTE);
  });

  test('quotes the API server, and says when the write is retried', () => {
    expect(planFleet({ ...aFleet([aMember('a')]), failingWrites }, aPolicy(), NOW).holds).toEqual([
      { node: 'a', reason: 'WriteFailing', message: 'The API server rejected the shadow update: denied', until: NOW + MINUTE },
    ]);
  });
});
