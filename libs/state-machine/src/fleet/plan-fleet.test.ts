import { ATTEMPTS_ANNOTATION } from '@brupop/crd-models';
import type { ShadowStatus } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { ago, aFleet, aMember, aNode, aPolicy, aShadow, CLOSED, FIRED, inWindow, lines, MINUTE, NOW } from './model/fleet.fixture.ts';
import type { Member, MemberChanges } from './model/fleet.fixture.ts';
import { changed } from './model/changes.ts';
import { planFleet } from './plan-fleet.ts';
import type { FleetHold } from './model/plan.ts';
import type { FleetPolicy } from './model/policy.ts';
import { parseCronWindow } from '../window/cron-window.ts';
import type { UpdateWindow } from '../window/window.ts';

const past = parseCronWindow('* * * * * * 2020');
const NEVER: UpdateWindow = past === undefined || past === 'always' ? { kind: 'always' } : past;
const told = (state: 'StagedAndPerformedUpdate' | 'RebootedIntoUpdate' | 'MonitoringUpdate', minutes = 1): MemberChanges => ({
  spec: { state, version: '1.1.0', state_transition_timestamp: ago(minutes) },
});
const progress = { step: 'Draining', since: ago(1), boot_id: 'b', version: '1.1.0', message: 'evicting 3 pods' } as const;
const staged = { current_state: 'StagedAndPerformedUpdate' } as const;
const rebooted = { current_state: 'RebootedIntoUpdate', current_version: '1.1.0' } as const;
const monitoring = { current_state: 'MonitoringUpdate', current_version: '1.1.0' } as const;
const withdrawn = (target_version: string): Partial<ShadowStatus> => ({ current_state: 'ErrorReset', boot_id: 'b', target_version });

interface Row {
  readonly name: string;
  readonly fleet: readonly Member[];
  readonly policy?: Partial<FleetPolicy>;
  readonly expected: readonly string[];
}
const check = ({ fleet, policy, expected }: Row): void => {
  expect(lines(planFleet(aFleet(fleet), aPolicy(policy), NOW))).toEqual(expected);
};

describe('planFleet, one node through an update', () => {
  test.each<Row>([
    {
      name: 'starts an idle node for which there is another version',
      fleet: [aMember('a')],
      expected: ['a→StagedAndPerformedUpdate UpdateStarted'],
    },
    {
      name: 'starts a downgrade just the same',
      fleet: [aMember('a', { status: { target_version: '0.9.0' } })],
      expected: ['a→StagedAndPerformedUpdate UpdateStarted'],
    },
    { name: 'waits for a node that is staging', fleet: [aMember('a', told('StagedAndPerformedUpdate'))], expected: ['a: InProgress'] },
    {
      name: 'lets a staged node reboot',
      fleet: [aMember('a', { ...told('StagedAndPerformedUpdate'), status: staged })],
      expected: ['a→RebootedIntoUpdate RebootAllowed'],
    },
    {
      name: 'a staged node whose cordon is our own goes on to its reboot, which ends the cordon',
      fleet: [aMember('a', { ...told('StagedAndPerformedUpdate'), status: staged, unschedulable: true, cordonedByUs: true })],
      expected: ['a→RebootedIntoUpdate RebootAllowed'],
    },
    {
      name: 'a left-over progress of a staged node does not keep it from its own slot',
      fleet: [aMember('a', { ...told('StagedAndPerformedUpdate'), status: { ...staged, progress } })],
      expected: ['a→RebootedIntoUpdate RebootAllowed'],
    },
    {
      name: 'waits for a node that drains and reboots',
      fleet: [aMember('a', { ...told('RebootedIntoUpdate'), status: { ...staged, progress }, cordonedByUs: true, unschedulable: true })],
      expected: ['a: InProgress'],
    },
    {
      name: 'tells what blocks the drain of a node',
      fleet: [
        aMember('a', {
          ...told('RebootedIntoUpdate'),
          status: { ...staged, progress: { ...progress, reason: 'DisruptionBudget' } },
          cordonedByUs: true,
          unschedulable: true,
        }),
      ],
      expected: ['a: DrainBlocked'],
    },
    {
      name: 'monitors a node that has come back',
      fleet: [aMember('a', { ...told('RebootedIntoUpdate'), status: rebooted })],
      expected: ['a→MonitoringUpdate MonitoringStarted'],
    },
    {
      name: 'waits for the report of a monitored node',
      fleet: [aMember('a', { ...told('MonitoringUpdate'), status: rebooted })],
      expected: ['a: InProgress'],
    },
    {
      name: 'says what is unhealthy on a monitored node',
      fleet: [aMember('a', { ...told('MonitoringUpdate'), status: { ...rebooted, failure_message: 'Pod x is not Ready' } })],
      expected: ['a: UnhealthyAfterUpdate'],
    },
    {
      name: 'ends monitoring at once without a soak time',
      fleet: [aMember('a', { ...told('MonitoringUpdate'), status: monitoring })],
      expected: ['a→Idle UpdateFinished'],
    },
    {
      name: 'monitors until the node is Ready',
      fleet: [aMember('a', { ...told('MonitoringUpdate'), status: monitoring, ready: false })],
      expected: ['a: Soaking'],
    },
    {
      name: 'monitors until the node has been Ready for the soak time',
      fleet: [aMember('a', { ...told('MonitoringUpdate', 9), status: monitoring, readySince: ago(4) })],
      policy: { soakMs: 5 * MINUTE },
      expected: ['a: Soaking'],
    },
    {
      name: 'the soak time begins no earlier than monitoring',
      fleet: [aMember('a', { ...told('MonitoringUpdate', 4), status: monitoring })],
      policy: { soakMs: 5 * MINUTE },
      expected: ['a: Soaking'],
    },
    {
      name: 'the soak time counts from monitoring where nobody can tell since when the node is Ready',
      fleet: [aMember('a', { ...told('MonitoringUpdate', 4), status: monitoring, readySince: 'noon' })],
      policy: { soakMs: 5 * MINUTE },
      expected: ['a: Soaking'],
    },
    {
      name: 'ends monitoring after the soak time',
      fleet: [aMember('a', { ...told('MonitoringUpdate', 5), status: monitoring, readySince: ago(5) })],
      policy: { soakMs: 5 * MINUTE },
      expected: ['a→Idle UpdateFinished'],
    },
    {
      name: 'unreadable times do not keep a node monitored for ever',
      fleet: [
        aMember('a', {
          spec: { state: 'MonitoringUpdate', state_transition_timestamp: 'yesterday' },
          status: monitoring,
          readySince: '2999-01-01T00:00:00Z',
        }),
      ],
      policy: { soakMs: 5 * MINUTE },
      expected: ['a→Idle UpdateFinished'],
    },
    {
      name: 'waits for a finished node to say so',
      fleet: [aMember('a', { status: monitoring })],
      expected: ['a: Recovering'],
    },
    { name: 'leaves an updated node alone', fleet: [aMember('a', { status: { current_version: '1.1.0' } })], expected: ['a: UpToDate'] },
    {
      name: 'resets a node after an error, window or not',
      fleet: [aMember('a', { ...told('RebootedIntoUpdate'), status: { current_state: 'ErrorReset', failure_message: 'no disk' } })],
      policy: { window: CLOSED },
      expected: ['a→Idle ResetAfterError'],
    },
    {
      name: 'ends an update that is no longer offered, without a failure',
      fleet: [aMember('a', { ...told('RebootedIntoUpdate'), status: withdrawn('1.0.0') })],
      policy: { window: CLOSED },
      expected: ['a→Idle UpdateWithdrawn'],
    },
    {
      name: 'does not take a failure of Brupop 1.x for a withdrawal',
      fleet: [aMember('a', { ...told('RebootedIntoUpdate'), status: { current_state: 'ErrorReset', target_version: '1.0.0' } })],
      expected: ['a→Idle ResetAfterError'],
    },
    {
      name: 'starts at once on what is offered instead',
      fleet: [aMember('a', { spec: { state_transition_timestamp: ago(0) }, status: { ...withdrawn('1.2.0'), current_state: 'Idle' } })],
      expected: ['a→StagedAndPerformedUpdate UpdateStarted'],
    },
    {
      name: 'resets a node on which a person has asked for it',
      fleet: [aMember('a', { spec: { state: 'ErrorReset' } })],
      expected: ['a→Idle ResetAfterError'],
    },
    {
      name: 'finishes after a window has closed',
      fleet: [
        aMember('a', { ...told('RebootedIntoUpdate'), status: rebooted }),
        aMember('b', { ...told('MonitoringUpdate'), status: monitoring }),
      ],
      policy: { window: CLOSED },
      expected: ['a→MonitoringUpdate MonitoringStarted', 'b→Idle UpdateFinished'],
    },
  ])('$name', check);
});

describe('planFleet, in which words', () => {
  const failed = (crash_count: number, failure_message?: string): MemberChanges => ({
    status: { crash_count, state_transition_failure_timestamp: ago(1), ...(failure_message === undefined ? {} : { failure_message }) },
  });
  const BUDGET = 'The drain did not finish before the deadline: PodDisruptionBudget default/web allows no disruption of pod default/web-0';
  test.each<{ name: string; member: MemberChanges; message: string }>([
    { name: 'one failure', member: failed(1), message: 'Backing off after a failure to update the node' },
    { name: 'some failures', member: failed(3), message: 'Backing off after 3 consecutive failures to update the node' },
    { name: 'a failure that was told', member: failed(1, BUDGET), message: `Backing off after a failure to update the node: ${BUDGET}` },
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
      member: { ...told('StagedAndPerformedUpdate'), status: { failure_message: 'Downloading 1.1.0: no route' } },
      message: 'Waiting for the agent to reach StagedAndPerformedUpdate; last failure: Downloading 1.1.0: no route',
    },
    {
      name: 'an attempt that was called off, and what went wrong in it',
      member: {
        spec: { version: '1.1.0', state_transition_timestamp: ago(1) },
        status: { failure_message: 'Downloading 1.1.0: no route' },
      },
      message: 'Backing off after an update that made no progress: Downloading 1.1.0: no route',
    },
  ])('tells of $name', ({ member, message }) => {
    expect(planFleet(aFleet([aMember('a', member)]), aPolicy(), NOW).holds).toMatchObject([{ node: 'a', message }]);
  });
});

describe('planFleet, since when', () => {
  test.each<{ name: string; member: MemberChanges; since: string | undefined }>([
    { name: 'the node is not Ready', member: { ready: false, readySince: ago(7) }, since: ago(7) },
    { name: 'its agent is not Ready', member: { agent: false }, since: ago(8) },
    { name: 'its agent has run without registering it', member: { shadow: null }, since: ago(8) },
    { name: 'the shadow stands without a report', member: { status: null }, since: ago(10_000) },
    { name: 'nobody knows when', member: { ready: false, readySince: 'noon' }, since: undefined },
  ])('$name', ({ member, since }) => {
    const fleet = { ...aFleet([aMember('a', member)]), agentsSince: new Map([['a', ago(8)]]) };
    const [hold] = planFleet(fleet, aPolicy(), NOW).holds;
    expect(hold?.since).toBe(since === undefined ? undefined : Date.parse(since));
  });
});

describe('planFleet, what the plan tells besides', () => {
  test('its window, and who uses the budget once the changes are made', () => {
    const fleet = aFleet([aMember('a', told('RebootedIntoUpdate')), aMember('b'), aMember('c', { ready: false })]);
    expect(planFleet(fleet, aPolicy({ maxConcurrentUpdates: 2, maxUnavailable: { count: 3 } }), NOW)).toMatchObject({
      changes: [{ node: 'b' }],
      window: { open: true },
      budget: { maxConcurrentUpdates: 2, slots: ['a', 'b'], maxUnavailable: 3, unavailable: ['c', 'a'] },
    });
  });

  test.each([
    { name: 'a number', maxUnavailable: { count: 3 }, limit: 3 },
    { name: 'a share', maxUnavailable: { percent: 25 }, limit: 2 },
    { name: 'a share that is no whole number, rounded down', maxUnavailable: { percent: 49 }, limit: 3 },
    { name: 'a share too small for one, which is one all the same', maxUnavailable: { percent: 1 }, limit: 1 },
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

describe('planFleet, why a node is no candidate', () => {
  test.each<Row>([
    { name: 'its agent has not registered it', fleet: [aMember('a', { shadow: null })], expected: ['a: NoShadow'] },
    { name: 'its agent has not reported', fleet: [aMember('a', { status: null })], expected: ['a: NotReported'] },
    { name: 'its target is no version', fleet: [aMember('a', { status: { target_version: 'latest' } })], expected: ['a: InvalidVersion'] },
    {
      name: 'its host cannot look for updates, as an older agent tells',
      fleet: [aMember('a', { status: { current_version: '1.1.0', failure_message: 'no route', update_check: null } })],
      expected: ['a: UpdateCheckFailing'],
    },
    {
      name: 'its host cannot check for updates, whatever update has failed before',
      fleet: [aMember('a', { status: { crash_count: 1, update_check: { result: 'Failing', reason: 'HostAnswer', message: 'no' } } })],
      expected: ['a: UpdateCheckFailing'],
    },
    {
      name: 'its host has not checked since it booted',
      fleet: [aMember('a', { status: { current_version: '1.1.0', update_check: { result: 'NotChecked' } } })],
      expected: ['a: NotChecked'],
    },
    {
      name: 'its agent, an older one, does not tell when its host checked',
      fleet: [aMember('a', { status: { current_version: '1.1.0', update_check: null } })],
      expected: ['a: UpdateCheckUnknown'],
    },
    {
      name: 'its agent tells something that only newer controllers know',
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
      fleet: [aMember('a', { ...told('StagedAndPerformedUpdate'), status: staged, unschedulable: true })],
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
      fleet: [aMember('a', { ...told('StagedAndPerformedUpdate', 600), status: staged })],
      policy: { window: CLOSED },
      expected: ['a: WindowClosed'],
    },
    { name: 'it is not managed, and then it is not even mentioned', fleet: [aMember('a', { managed: false, shadow: null })], expected: [] },
  ])('$name', check);

  test.each<Row>([
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
      name: 'an attempt that was given up nobody knows when',
      fleet: [aMember('a', { spec: { version: '1.1.0', state_transition_timestamp: null } })],
      expected: ['a→StagedAndPerformedUpdate UpdateStarted'],
    },
  ])('does not hold: $name', check);
});

describe('planFleet, slots', () => {
  const busy = aMember('busy', told('StagedAndPerformedUpdate'));
  test.each<Row>([
    {
      name: 'no more start than there are slots',
      fleet: [aMember('a'), aMember('b')],
      expected: ['a→StagedAndPerformedUpdate UpdateStarted', 'b: NoFreeSlot'],
    },
    {
      name: 'all free slots are used at once, beside nodes at work',
      fleet: [busy, aMember('a'), aMember('b'), aMember('c')],
      policy: { maxConcurrentUpdates: 3 },
      expected: [
        'a→StagedAndPerformedUpdate UpdateStarted',
        'b→StagedAndPerformedUpdate UpdateStarted',
        'busy: InProgress',
        'c: NoFreeSlot',
      ],
    },
    {
      name: 'unlimited means all',
      fleet: [aMember('a'), aMember('b')],
      policy: { maxConcurrentUpdates: 'unlimited' },
      expected: ['a→StagedAndPerformedUpdate UpdateStarted', 'b→StagedAndPerformedUpdate UpdateStarted'],
    },
    {
      name: 'a node that is told to be idle keeps its slot until it is',
      fleet: [aMember('busy', { status: monitoring }), aMember('a')],
      expected: ['busy: Recovering', 'a: NoFreeSlot'],
    },
    {
      name: 'an idle node that we have not uncordoned keeps its slot',
      fleet: [aMember('busy', { cordonedByUs: true, unschedulable: true, status: { current_version: '1.1.0' } }), aMember('a')],
      expected: ['busy: LeftUnavailable', 'a: NoFreeSlot'],
    },
    {
      name: 'so does one that has lost its label and its shadow',
      fleet: [aMember('busy', { excludedByUs: true, managed: false, shadow: null }), aMember('a')],
      expected: ['busy: LeftUnavailable', 'a: NoFreeSlot'],
    },
    {
      name: 'a release that does not boot does not march on',
      fleet: [aMember('busy', { ...told('RebootedIntoUpdate', 900), status: staged, ready: false }), aMember('a')],
      expected: ['busy: Stuck', 'a: NoFreeSlot'],
    },
    {
      name: 'a staged node takes its reboot before others start',
      fleet: [aMember('a'), aMember('busy', { ...told('StagedAndPerformedUpdate'), status: staged })],
      expected: ['busy→RebootedIntoUpdate RebootAllowed', 'a: NoFreeSlot'],
    },
    {
      name: 'a lowered limit lets only so many staged nodes reboot',
      fleet: ['a', 'b'].map((name) => aMember(name, { ...told('StagedAndPerformedUpdate'), status: staged })),
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b: NoFreeSlot'],
    },
    {
      name: 'a crashed node gives its slot to the next once it is idle',
      fleet: [aMember('a', { status: { crash_count: 1, state_transition_failure_timestamp: ago(1) } }), aMember('b')],
      expected: ['b→StagedAndPerformedUpdate UpdateStarted', 'a: CrashBackoff'],
    },
    {
      name: 'unavailable nodes count towards their own limit',
      fleet: [aMember('down', { ready: false }), aMember('a')],
      policy: { maxUnavailable: { count: 1 } },
      expected: ['down: NodeNotReady', 'a: TooManyUnavailable'],
    },
    {
      name: 'unavailable nodes hold up reboots',
      fleet: [aMember('cordoned', { unschedulable: true }), aMember('a', { ...told('StagedAndPerformedUpdate'), status: staged })],
      policy: { maxUnavailable: { percent: 50 } },
      expected: ['cordoned: CordonedByAdministrator', 'a: TooManyUnavailable'],
    },
    {
      name: 'a reboot that is allowed counts for the next one of the same plan',
      fleet: ['a', 'b'].map((name) => aMember(name, { ...told('StagedAndPerformedUpdate'), status: staged })),
      policy: { maxConcurrentUpdates: 2, maxUnavailable: { count: 1 } },
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b: TooManyUnavailable'],
    },
    {
      name: 'nodes at work count as unavailable to be',
      fleet: [busy, aMember('a')],
      policy: { maxConcurrentUpdates: 5, maxUnavailable: { count: 1 } },
      expected: ['busy: InProgress', 'a: TooManyUnavailable'],
    },
  ])('$name', check);
});

describe('planFleet, the last node in service', () => {
  const all = { maxConcurrentUpdates: 'unlimited' } as const;
  const waiting = (name: string, changes: MemberChanges = {}): Member =>
    aMember(name, { ...told('StagedAndPerformedUpdate'), status: staged, ...changes });
  const away = (name: string, changes: MemberChanges = {}): Member =>
    aMember(name, { ...told('RebootedIntoUpdate'), status: staged, ready: false, ...changes });
  const lastWaits = (others: readonly Member[]): string[] => [
    ...others.map(({ node }) => `${node.name}: InProgress`),
    'a: LastSchedulableNode',
  ];
  test.each<Row>([
    {
      name: 'stays until another is back, where all may go at once',
      fleet: ['a', 'b', 'c'].map((name) => waiting(name)),
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b→RebootedIntoUpdate RebootAllowed', 'c: LastSchedulableNode'],
    },
    { name: 'waits for one that drains or boots', fleet: [away('b'), waiting('a')], policy: all, expected: lastWaits([away('b')]) },
    {
      name: 'waits for one that is about to drain',
      fleet: [away('b', { ready: true }), waiting('a')],
      policy: all,
      expected: lastWaits([away('b')]),
    },
    {
      name: 'waits until the update of another has ended, its soak time with it',
      fleet: [aMember('b', { ...told('MonitoringUpdate'), status: monitoring }), waiting('a')],
      policy: { ...all, soakMs: 5 * MINUTE },
      expected: ['b: Soaking', 'a: LastSchedulableNode'],
    },
    {
      name: 'goes where another is in service that nobody updates',
      fleet: [away('b'), aMember('other', { managed: false, shadow: null }), waiting('a')],
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b: InProgress'],
    },
    {
      name: 'goes where it is alone',
      fleet: [waiting('a')],
      expected: ['a→RebootedIntoUpdate RebootAllowed'],
    },
    {
      name: 'goes where no other is under way that could come back',
      fleet: [aMember('down', { ready: false }), aMember('theirs', { unschedulable: true }), waiting('a')],
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'down: NodeNotReady', 'theirs: CordonedByAdministrator'],
    },
    {
      name: 'waits for no node that is stuck',
      fleet: [away('b', told('RebootedIntoUpdate', 900)), waiting('a')],
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b: Stuck'],
    },
    {
      name: 'waits for no node that is being deleted',
      fleet: [away('b', { deleting: true }), waiting('a')],
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b: InProgress'],
    },
    {
      name: 'waits for none that an update has left behind',
      fleet: [aMember('b', { cordonedByUs: true, unschedulable: true, shadow: null }), waiting('a')],
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b: LeftUnavailable'],
    },
    ...[{ tainted: true }, { ready: false }, { unschedulable: true }, { deleting: true }].map((changes) => ({
      name: `finds no help in one that is ${JSON.stringify(changes)}`,
      fleet: [away('b'), aMember('other', { managed: false, shadow: null, ...changes }), waiting('a')],
      policy: all,
      expected: lastWaits([away('b')]),
    })),
    {
      name: 'goes, if it is tainted, where another tainted one is in service, since its pods tolerate that',
      fleet: ['a', 'b'].map((name) => waiting(name, { tainted: true })),
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b: LastSchedulableNode'],
    },
    {
      name: 'tainted ones go where one without taints is in service',
      fleet: [...['a', 'b'].map((name) => waiting(name, { tainted: true })), aMember('idle', { status: { current_version: '1.1.0' } })],
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b→RebootedIntoUpdate RebootAllowed', 'idle: UpToDate'],
    },
    {
      name: 'does not wait if it takes no pods as it is',
      fleet: ['a', 'b'].map((name) => waiting(name, { cordonedByUs: true, unschedulable: true })),
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b→RebootedIntoUpdate RebootAllowed'],
    },
    {
      name: 'goes beside another after one that took no pods as it was',
      fleet: [
        waiting('a', { cordonedByUs: true, unschedulable: true }),
        waiting('b'),
        aMember('idle', { status: { current_version: '1.1.0' } }),
      ],
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b→RebootedIntoUpdate RebootAllowed', 'idle: UpToDate'],
    },
    {
      name: 'is not one that takes no pods as it is, beside another that does',
      fleet: [away('b'), aMember('other', { managed: false, shadow: null }), waiting('a', { cordonedByUs: true, unschedulable: true })],
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b: InProgress'],
    },
    {
      name: 'waits for none that is out of service and waits for us, too',
      fleet: [waiting('b', { cordonedByUs: true, unschedulable: true, agent: false }), waiting('a')],
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b: AgentNotReady'],
    },
    {
      name: 'left out of load balancers by an update that was cut off, two do not wait for each other',
      fleet: ['a', 'b'].map((name) => waiting(name, { excludedByUs: true })),
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b: LastSchedulableNode'],
    },
    {
      name: 'does not keep others from staging',
      fleet: [aMember('a'), aMember('b')],
      policy: all,
      expected: ['a→StagedAndPerformedUpdate UpdateStarted', 'b→StagedAndPerformedUpdate UpdateStarted'],
    },
    {
      name: 'is told the limit first, which a person may change',
      fleet: ['a', 'b'].map((name) => waiting(name)),
      policy: { maxConcurrentUpdates: 1 },
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b: NoFreeSlot'],
    },
  ])('$name', check);
});

describe('planFleet, nodes that failed together', () => {
  const crashed = (times: number): MemberChanges => ({
    spec: { state_transition_timestamp: ago(2_000) },
    status: { crash_count: times, state_transition_failure_timestamp: ago(2_000) },
  });
  const nodes = (count: number, times: number): Member[] =>
    Array.from({ length: count }, (_, at) => aMember(`n${String(at)}`, crashed(times)));
  const startedOf = (members: readonly Member[], policy: Partial<FleetPolicy>): number =>
    planFleet(aFleet(members), aPolicy(policy), NOW).changes.length;
  test.each([
    { name: 'two of which each keeps the other from draining go one after the other', members: nodes(2, 1), limit: 2, started: 1 },
    { name: 'with each failure half as many go at a time', members: nodes(16, 2), limit: 'unlimited', started: 4 },
    { name: 'one always goes', members: nodes(4, 40), limit: 'unlimited', started: 1 },
    { name: 'the limit counts where it is the lower', members: nodes(16, 1), limit: 4, started: 2 },
    {
      name: 'a node that is stuck keeps none of them waiting',
      members: [aMember('stuck', { ...told('RebootedIntoUpdate', 900), status: staged, ready: false }), ...nodes(1, 3)],
      limit: 2,
      started: 1,
    },
  ] as const)('$name', ({ members, limit, started }) => {
    expect(startedOf(members, { maxConcurrentUpdates: limit })).toBe(started);
  });

  test.each<Row>([
    {
      name: 'while other nodes are updated, one that has failed waits for a reason of its own, although a slot is free',
      fleet: [aMember('busy', told('StagedAndPerformedUpdate')), ...nodes(1, 1)],
      policy: { maxConcurrentUpdates: 2 },
      expected: ['busy: InProgress', 'n0: RetryLimited'],
    },
    {
      name: 'without a free slot that is what it waits for',
      fleet: [aMember('busy', told('StagedAndPerformedUpdate')), ...nodes(1, 1)],
      expected: ['busy: InProgress', 'n0: NoFreeSlot'],
    },
    {
      name: 'a node that is lost in its update does not count as one beside which it would be tried again',
      fleet: [aMember('lost', { ...told('RebootedIntoUpdate', 30), status: staged, ready: false, readySince: ago(6) }), ...nodes(1, 1)],
      policy: { maxConcurrentUpdates: 2, timeouts: { ...aPolicy().timeouts, rebootedMs: 60 * MINUTE } },
      expected: ['n0→StagedAndPerformedUpdate UpdateStarted', 'lost: LostInUpdate'],
    },
  ])('$name', check);
});

describe('planFleet, a node that is lost in its update', () => {
  const policy = aPolicy({
    timeouts: { stagedMs: 60 * MINUTE, rebootedMs: 60 * MINUTE, monitoringMs: 60 * MINUTE, recoveryMs: 60 * MINUTE },
  });
  const holdOf = (changes: MemberChanges, agentsSince: ReadonlyMap<string, string> = new Map()): FleetHold | undefined =>
    planFleet({ ...aFleet([aMember('a', changes)]), agentsSince }, policy, NOW).holds.find(({ node }) => node === 'a');
  const phases: Record<string, MemberChanges> = {
    staging: told('StagedAndPerformedUpdate', 30),
    draining: { ...told('RebootedIntoUpdate', 30), status: { ...staged, progress } },
    rebooting: { ...told('RebootedIntoUpdate', 30), status: { ...staged, progress: { ...progress, step: 'Rebooting' } } },
    monitored: { ...told('MonitoringUpdate', 30), status: rebooted },
    soaking: { ...told('MonitoringUpdate', 30), status: monitoring },
    recovering: { spec: { state: 'Idle', state_transition_timestamp: ago(30) }, status: staged },
  };
  const away: Record<string, MemberChanges> = {
    'the node is not Ready': { ready: false, readySince: ago(6) },
    "the node's agent is not Ready": { agent: false },
    'the node has no agent pod': { agent: undefined },
  };
  const rows = Object.entries(phases).flatMap(([phase, member]) =>
    Object.entries(away)
      .filter(([what]) => phase !== 'soaking' || what === 'the node is not Ready')
      .map(([what, missing]) => ({ phase, what, member: { ...member, ...missing } })),
  );
  test.each(rows)('while $phase, after five minutes: $what', ({ member, what }) => {
    const hold = holdOf(member, new Map([['a', ago(6)]]));
    expect(hold).toMatchObject({ reason: 'LostInUpdate', since: NOW - 6 * MINUTE });
    expect(hold?.message).toContain(what);
  });

  test('the message still says how far the update had come', () => {
    expect(holdOf({ ...phases['draining'], ...away['the node is not Ready'] })?.message).toContain('evicting 3 pods');
  });

  test('a reboot of a few minutes is nothing to report, and is looked at again when the five minutes are over', () => {
    expect(holdOf({ ...phases['rebooting'], ready: false, readySince: ago(4) })).toMatchObject({
      reason: 'InProgress',
      until: NOW + MINUTE,
    });
  });

  test.each([
    {
      name: 'behind',
      member: { ...told('RebootedIntoUpdate', 2), status: staged, ready: false, readySince: ago(50) },
      reason: 'InProgress',
    },
    { name: 'ahead', member: { ...phases['rebooting'], ready: false, readySince: ago(-50) }, reason: 'InProgress' },
  ] as const)('a clock of the node that is $name makes it lost no sooner than its step began', ({ member, reason }) => {
    expect(holdOf(member)).toMatchObject({ reason });
  });

  test('past its deadline it counts as stuck, as ever', () => {
    expect(holdOf({ ...told('RebootedIntoUpdate', 61), status: staged, ready: false, readySince: ago(60) })).toMatchObject({
      reason: 'Stuck',
    });
  });
});

describe('planFleet, a version that fails', () => {
  const bad = (minutes = 600): MemberChanges => ({
    status: { failed_versions: [{ version: '1.1.0', failures: 1, last_failure_timestamp: ago(minutes) }] },
  });
  const good: MemberChanges = { status: { current_version: '1.1.0' } };
  const policy = { maxConcurrentUpdates: 'unlimited', maxFailedNodes: 2 } as const;
  test.each<Row>([
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
      name: 'is given to others where it runs on more nodes than have failed',
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
      name: 'is given to no further node where it runs on just as many nodes as have failed',
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
      name: 'has failed where it runs and the node is not healthy on it',
      fleet: [aMember('a', { status: { ...bad(1).status, current_version: '1.1.0' } }), aMember('b', bad(1)), aMember('c')],
      policy,
      expected: ['a: UnhealthyAfterUpdate', 'b: VersionBackoff', 'c: VersionFailing'],
    },
    {
      name: 'has failed where its monitoring is past the deadline',
      fleet: [aMember('a', { ...told('MonitoringUpdate', 6), status: rebooted, ready: false }), aMember('b', bad(1)), aMember('c')],
      policy,
      expected: ['a: Stuck', 'b: VersionBackoff', 'c: VersionFailing'],
    },
    {
      name: 'has failed where its monitoring was given up, until the agent says how the node is',
      fleet: [
        aMember('a', { spec: { version: '1.1.0', state_transition_timestamp: ago(1) }, status: rebooted }),
        aMember('b', bad(1)),
        aMember('c'),
      ],
      policy,
      expected: ['a: Recovering', 'b: VersionBackoff', 'c: VersionFailing'],
    },
    {
      name: 'has not failed where the agent has since reported the node idle without blaming it',
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
  ])('$name', check);
});

describe('planFleet, shadows that cannot be written', () => {
  const failingWrites = new Map([['brs-a', { message: 'denied', until: NOW + MINUTE }]]);
  const isStaged = { ...told('StagedAndPerformedUpdate'), status: staged };

  test.each<Row>([
    {
      name: 'a node that cannot be told to start leaves the slot to another',
      fleet: [aMember('a'), aMember('b')],
      expected: ['b→StagedAndPerformedUpdate UpdateStarted', 'a: WriteFailing'],
    },
    {
      name: 'a node that cannot be told to reboot has its slot',
      fleet: [aMember('a', isStaged), aMember('b')],
      expected: ['a: WriteFailing', 'b: NoFreeSlot'],
    },
    {
      name: 'a reset is put off',
      fleet: [aMember('a', { ...told('StagedAndPerformedUpdate'), status: { current_state: 'ErrorReset' } })],
      expected: ['a: WriteFailing'],
    },
    {
      name: 'a stuck node that cannot be called off may still go on, and has its slot',
      fleet: [aMember('a', told('RebootedIntoUpdate', 21)), aMember('b')],
      expected: ['a: WriteFailing', 'b: NoFreeSlot'],
    },
    {
      name: 'one slot is no other',
      fleet: [aMember('a', told('RebootedIntoUpdate', 21)), aMember('b'), aMember('c')],
      policy: { maxConcurrentUpdates: 2 },
      expected: ['b→StagedAndPerformedUpdate UpdateStarted', 'a: WriteFailing', 'c: NoFreeSlot'],
    },
    {
      name: 'a node with another reason to wait tells that one',
      fleet: [aMember('a', { status: { target_version: '1.0.0' } })],
      expected: ['a: UpToDate'],
    },
    {
      name: 'the shadow of a node that is gone is let be',
      fleet: [{ node: aNode('b', { managed: false }), shadow: aShadow('a') }],
      expected: [],
    },
  ])('$name', ({ fleet, policy, expected }) => {
    const plan = planFleet({ ...aFleet(fleet), failingWrites }, aPolicy(policy), NOW);
    expect(lines(plan)).toEqual(expected);
    expect(plan.recheckAt).toBe(NOW + MINUTE);
  });

  test('says what Kubernetes says, and when it is tried again', () => {
    expect(planFleet({ ...aFleet([aMember('a')]), failingWrites }, aPolicy(), NOW).holds).toEqual([
      { node: 'a', reason: 'WriteFailing', message: 'The API server rejected the shadow update: denied', until: NOW + MINUTE },
    ]);
  });
});

describe('planFleet, stuck nodes', () => {
  test.each<Row>([
    {
      name: 'one that does not stage is given up, and the next starts',
      fleet: [aMember('stuck', told('StagedAndPerformedUpdate', 10)), aMember('a')],
      expected: ['stuck→Idle GivenUp', 'a→StagedAndPerformedUpdate UpdateStarted'],
    },
    {
      name: 'one without any report is given up too',
      fleet: [aMember('stuck', { ...told('StagedAndPerformedUpdate', 10), status: null })],
      expected: ['stuck→Idle GivenUp'],
    },
    {
      name: 'one that never began to drain must not begin later',
      fleet: [aMember('stuck', { ...told('RebootedIntoUpdate', 20), status: staged, agent: false })],
      expected: ['stuck→Idle GivenUp'],
    },
    {
      name: 'one that has staged but may not reboot is given up',
      fleet: [aMember('stuck', { ...told('StagedAndPerformedUpdate', 10), status: staged, ready: false })],
      expected: ['stuck→Idle GivenUp'],
    },
    {
      name: 'one that is cordoned by whomever during its reboot keeps its slot',
      fleet: [aMember('stuck', { ...told('RebootedIntoUpdate', 20), status: staged, unschedulable: true }), aMember('a')],
      expected: ['stuck: Stuck', 'a: NoFreeSlot'],
    },
    {
      name: 'one that is back but silent gives its slot away',
      fleet: [aMember('stuck', { ...told('MonitoringUpdate', 6), status: rebooted, agent: false }), aMember('a')],
      expected: ['stuck→Idle GivenUp', 'a: NoFreeSlot'],
    },
    {
      name: 'one that reports health and is not Ready',
      fleet: [aMember('stuck', { ...told('MonitoringUpdate', 6), status: monitoring, ready: false }), aMember('a')],
      expected: ['stuck: Stuck', 'a: NoFreeSlot'],
    },
    {
      name: 'one that was not Ready for a moment has one more soak time, and gives its slot away meanwhile',
      fleet: [aMember('stuck', { ...told('MonitoringUpdate', 14), status: monitoring, readySince: ago(1) }), aMember('a')],
      policy: { soakMs: 5 * MINUTE },
      expected: ['a→StagedAndPerformedUpdate UpdateStarted', 'stuck: Stuck'],
    },
    {
      name: 'one that never stays Ready for the soak time has its monitoring given up',
      fleet: [aMember('stuck', { ...told('MonitoringUpdate', 15), status: monitoring, readySince: ago(1) }), aMember('a')],
      policy: { soakMs: 5 * MINUTE },
      expected: ['stuck→Idle GivenUp', 'a: NoFreeSlot'],
    },
    {
      name: 'one that does not clean up gives its slot away if it serves',
      fleet: [aMember('stuck', { spec: { state_transition_timestamp: ago(3) }, status: { current_state: 'ErrorReset' } }), aMember('a')],
      expected: ['a→StagedAndPerformedUpdate UpdateStarted', 'stuck: Stuck'],
    },
    {
      name: 'one that does not clean up keeps its slot if it does not serve',
      fleet: [
        aMember('stuck', { spec: { state_transition_timestamp: ago(3) }, status: { current_state: 'ErrorReset' }, ready: false }),
        aMember('a'),
      ],
      expected: ['stuck: Stuck', 'a: NoFreeSlot'],
    },
    {
      name: 'a stamp that is unreadable is replaced by the age of the shadow',
      fleet: [aMember('stuck', { spec: { state: 'StagedAndPerformedUpdate', state_transition_timestamp: '2999-01-01T00:00:00Z' } })],
      expected: ['stuck→Idle GivenUp'],
    },
    {
      name: 'which gives a shadow that has just been made its time',
      fleet: [
        aMember('a', {
          shadow: {
            ...aShadow('a', { state: 'StagedAndPerformedUpdate', state_transition_timestamp: null }),
            metadata: { name: 'brs-a', creationTimestamp: ago(9) },
          },
        }),
      ],
      expected: ['a: InProgress'],
    },
    {
      name: 'a shadow without any readable time is past its deadline',
      fleet: [
        aMember('stuck', {
          shadow: {
            ...aShadow('stuck', { state: 'StagedAndPerformedUpdate', state_transition_timestamp: null }),
            metadata: { name: 'brs-stuck' },
          },
        }),
      ],
      expected: ['stuck→Idle GivenUp'],
    },
  ])('$name', check);

  test('a node that was given up lets the others go first', () => {
    const fleet = [aMember('a', { spec: { version: '1.1.0', state_transition_timestamp: ago(60) } }), aMember('b')];
    expect(lines(planFleet(aFleet(fleet), aPolicy(), NOW))).toEqual(['b→StagedAndPerformedUpdate UpdateStarted', 'a: NoFreeSlot']);
  });
});

describe('planFleet, a trigger instead of a window', () => {
  const trigger = (expression: string): UpdateWindow => {
    const parsed = parseCronWindow(expression);
    return parsed === undefined || parsed === 'always' ? { kind: 'always' } : parsed;
  };
  const window = trigger('0 0 2 * * * *');
  test.each<Row>([
    {
      name: 'what it has begun goes on, and the others get their turn',
      fleet: [inWindow(aMember('a', { ...told('StagedAndPerformedUpdate'), status: staged })), aMember('b')],
      policy: { window, maxConcurrentUpdates: 2 },
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b→StagedAndPerformedUpdate UpdateStarted'],
    },
    {
      name: 'a step that takes longer than ten minutes, too',
      fleet: [inWindow(aMember('a', { ...told('RebootedIntoUpdate', 15), status: { ...staged, progress } })), aMember('b')],
      policy: { window, maxConcurrentUpdates: 2 },
      expected: ['b→StagedAndPerformedUpdate UpdateStarted', 'a: InProgress'],
    },
    {
      name: 'it goes on from one node to the next, though a controller be restarted in between',
      fleet: [inWindow(aMember('a', { spec: { state_transition_timestamp: ago(9) }, status: { current_version: '1.1.0' } })), aMember('b')],
      policy: { window },
      expected: ['b→StagedAndPerformedUpdate UpdateStarted', 'a: UpToDate'],
    },
    {
      name: 'it is over once nothing has happened for ten minutes',
      fleet: [
        inWindow(aMember('a', { spec: { state_transition_timestamp: ago(10) }, status: { current_version: '1.1.0' } })),
        aMember('b'),
      ],
      policy: { window },
      expected: ['a: UpToDate', 'b: WindowClosed'],
    },
    {
      name: 'a node that is stuck does not keep it open',
      fleet: [
        inWindow(aMember('a', { ...told('RebootedIntoUpdate', 900), status: staged, ready: false, unschedulable: true })),
        aMember('b'),
      ],
      policy: { window, maxConcurrentUpdates: 2 },
      expected: ['a: Stuck', 'b: WindowClosed'],
    },
    {
      name: 'minutes in a row are a window, and a window ends',
      fleet: [inWindow(aMember('a', told('StagedAndPerformedUpdate'))), aMember('b')],
      policy: { window: trigger('0 * 9-10 * * Mon *'), maxConcurrentUpdates: 2 },
      expected: ['a: InProgress', 'b: WindowClosed'],
    },
    {
      name: 'minutes in a row over the full hour are a window',
      fleet: [inWindow(aMember('a', told('StagedAndPerformedUpdate'))), aMember('b')],
      policy: { window: trigger('0 59,0 9-10 * * Mon *'), maxConcurrentUpdates: 2 },
      expected: ['a: InProgress', 'b: WindowClosed'],
    },
    {
      name: 'a minute of seconds is a window',
      fleet: [inWindow(aMember('a', told('StagedAndPerformedUpdate'))), aMember('b')],
      policy: { window: trigger('* 0 2 * * * *'), maxConcurrentUpdates: 2 },
      expected: ['a: InProgress', 'b: WindowClosed'],
    },
    {
      name: 'an update that was not begun in its window keeps none open',
      fleet: [aMember('a', told('StagedAndPerformedUpdate')), aMember('b')],
      policy: { window, maxConcurrentUpdates: 2 },
      expected: ['a: InProgress', 'b: WindowClosed'],
    },
    {
      name: 'a step that came after the window had closed does not open it again',
      fleet: [aMember('a', { spec: { state_transition_timestamp: ago(1) }, status: { current_version: '1.1.0' } }), aMember('b')],
      policy: { window },
      expected: ['a: UpToDate', 'b: WindowClosed'],
    },
    {
      name: 'a mark of an earlier step says nothing of a spec that somebody else has written',
      fleet: [inWindow(aMember('a', told('StagedAndPerformedUpdate')), FIRED, ago(9)), aMember('b')],
      policy: { window, maxConcurrentUpdates: 2 },
      expected: ['a: InProgress', 'b: WindowClosed'],
    },
    {
      name: 'a mark of another trigger, such as one that was configured before, opens no window',
      fleet: [inWindow(aMember('a', told('StagedAndPerformedUpdate')), '2026-01-05T02:00:01.000Z'), aMember('b')],
      policy: { window, maxConcurrentUpdates: 2 },
      expected: ['a: InProgress', 'b: WindowClosed'],
    },
    {
      name: 'a mark that cannot be read opens no window',
      fleet: [inWindow(aMember('a', told('StagedAndPerformedUpdate')), 'at night'), aMember('b')],
      policy: { window, maxConcurrentUpdates: 2 },
      expected: ['a: InProgress', 'b: WindowClosed'],
    },
    {
      name: 'a node that gives up at its deadline leaves the window open for the next',
      fleet: [inWindow(aMember('a', told('StagedAndPerformedUpdate', 10))), aMember('b')],
      policy: { window },
      expected: ['a→Idle GivenUp', 'b→StagedAndPerformedUpdate UpdateStarted'],
    },
    {
      name: 'before it nothing starts',
      fleet: [aMember('a')],
      policy: { window },
      expected: ['a: WindowClosed'],
    },
  ])('$name', check);

  const annotationOf = (member: Member, at = NOW, others: readonly Member[] = []): string | null | undefined => {
    const [change] = planFleet(aFleet([member, ...others]), aPolicy({ window }), at).changes;
    return change?.kind === 'spec' ? change.windowAnnotation : undefined;
  };
  const fired = Date.parse('2026-01-06T02:00:00Z');
  const returned = { ...told('RebootedIntoUpdate', 15), status: rebooted };
  test.each([
    {
      name: 'an update that starts is marked with the time at which the trigger fired, and the time of its own step',
      annotation: annotationOf(aMember('a'), fired + 20_000),
      expected: '2026-01-06T02:00:00.000Z/2026-01-06T02:00:20.000Z',
    },
    {
      name: 'one that starts when another has ended, with the same time of the trigger',
      annotation: annotationOf(aMember('b'), NOW, [
        inWindow(aMember('a', { spec: { state_transition_timestamp: ago(9) }, status: { current_version: '1.1.0' } })),
      ]),
      expected: `${FIRED}/${ago(0)}`,
    },
    {
      name: 'a later step keeps the mark',
      annotation: annotationOf(inWindow(aMember('a', returned))),
      expected: `${FIRED}/${ago(0)}`,
    },
    {
      name: 'a step of a node that comes back when the window has closed loses the mark',
      annotation: annotationOf(inWindow(aMember('a', { ...told('RebootedIntoUpdate', 31), status: rebooted }))),
      expected: null,
    },
    {
      name: 'even if it comes back just as the trigger fires again',
      annotation: annotationOf(inWindow(aMember('a', returned)), fired + 1_000),
      expected: null,
    },
    {
      name: 'a node that was staged in an earlier window belongs to the one in which it drains',
      annotation: annotationOf(inWindow(aMember('a', { ...told('StagedAndPerformedUpdate', 900), status: staged })), fired + 1_000),
      expected: '2026-01-06T02:00:00.000Z/2026-01-06T02:00:01.000Z',
    },
    { name: 'what was never marked stays so', annotation: annotationOf(aMember('a', returned)), expected: undefined },
  ])('$name', ({ annotation, expected }) => {
    expect(annotation).toEqual(expected);
  });
});

describe('planFleet, a window that closes on a node allowed to reboot', () => {
  test.each<Row>([
    {
      name: 'takes the permission back from an agent that is down',
      fleet: [aMember('a', { ...told('RebootedIntoUpdate'), status: staged, agent: false })],
      policy: { window: CLOSED },
      expected: ['a→StagedAndPerformedUpdate WindowClosed'],
    },
    {
      name: 'takes the permission back from an agent that is up and has not begun',
      fleet: [aMember('a', { ...told('RebootedIntoUpdate'), status: staged })],
      policy: { window: CLOSED },
      expected: ['a→StagedAndPerformedUpdate WindowClosed'],
    },
    {
      name: 'lets a drain that has begun go on',
      fleet: [aMember('a', { ...told('RebootedIntoUpdate'), status: { ...staged, progress }, agent: false })],
      policy: { window: CLOSED },
      expected: ['a: LostInUpdate'],
    },
    ...[{ excludedByUs: true }, { unschedulable: true }].map((changes) => ({
      name: `lets one go on that its node alone tells of: ${JSON.stringify(changes)}`,
      fleet: [aMember('a', { ...told('RebootedIntoUpdate'), status: staged, agent: false, ...changes })],
      policy: { window: CLOSED },
      expected: ['a: LostInUpdate'],
    })),
  ])('$name', check);
});

describe('planFleet, nodes that leave the fleet', () => {
  const leaving = (changes: MemberChanges): Member => aMember('a', { managed: false, ...changes });
  test.each<Row>([
    { name: 'an idle one loses its shadow', fleet: [leaving({})], expected: ['a deleted LabelRemoved'] },
    {
      name: 'an idle one loses its shadow, window or not',
      fleet: [leaving({})],
      policy: { window: CLOSED },
      expected: ['a deleted LabelRemoved'],
    },
    {
      name: 'one that is left cordoned keeps its shadow until that is undone',
      fleet: [leaving({ cordonedByUs: true, unschedulable: true })],
      expected: ['a: LeftUnavailable'],
    },
    {
      name: 'one that bears a mark whose cordon somebody has undone keeps its shadow until the mark is removed',
      fleet: [leaving({ voidMark: true })],
      expected: ['a: LeftUnavailable'],
    },
    {
      name: 'the last keeps its shadow until no node bears the taint of cordoned nodes',
      fleet: [leaving({}), aMember('b', { managed: false, unschedulable: true, taintedByUs: true, agent: undefined, shadow: null })],
      expected: ['a: LeftUnavailable'],
    },
    {
      name: 'one of several does not wait for that taint',
      fleet: [leaving({ unschedulable: true, taintedByUs: true }), aMember('b')],
      expected: ['a deleted LabelRemoved', 'b→StagedAndPerformedUpdate UpdateStarted'],
    },
    {
      name: 'one that lost its agent in a drain, too',
      fleet: [
        leaving({
          ...told('RebootedIntoUpdate'),
          status: { ...staged, progress },
          agent: undefined,
          cordonedByUs: true,
          unschedulable: true,
        }),
      ],
      expected: ['a: LeftUnavailable'],
    },
    {
      name: 'and is forgotten once that is undone, however far its update had come',
      fleet: [leaving({ ...told('RebootedIntoUpdate'), status: { ...staged, progress }, agent: undefined })],
      expected: ['a deleted LabelRemoved'],
    },
    {
      name: 'one that an administrator has cordoned and taken out does not keep its slot for ever',
      fleet: [leaving({ ...told('RebootedIntoUpdate', 900), status: staged, agent: undefined, unschedulable: true }), aMember('b')],
      expected: ['a deleted LabelRemoved', 'b→StagedAndPerformedUpdate UpdateStarted'],
    },
    {
      name: 'until then one that is cordoned by whomever is waited for',
      fleet: [leaving({ ...told('RebootedIntoUpdate'), status: staged, agent: undefined, unschedulable: true }), aMember('b')],
      expected: ['a: LostInUpdate', 'b: NoFreeSlot'],
    },
    {
      name: 'one that never came back from its reboot keeps its shadow and its slot',
      fleet: [leaving({ ...told('RebootedIntoUpdate', 900), status: staged, agent: undefined, ready: false }), aMember('b')],
      expected: ['a: Stuck', 'b: NoFreeSlot'],
    },
    { name: 'staging is called off', fleet: [leaving(told('StagedAndPerformedUpdate'))], expected: ['a→Idle LabelRemoved'] },
    {
      name: 'a staged one is called off',
      fleet: [leaving({ ...told('StagedAndPerformedUpdate'), status: staged })],
      expected: ['a→Idle LabelRemoved'],
    },
    {
      name: 'a reboot that has not begun is called off',
      fleet: [leaving({ ...told('RebootedIntoUpdate'), status: staged })],
      expected: ['a→Idle LabelRemoved'],
    },
    {
      name: 'a drain that has begun is finished',
      fleet: [leaving({ ...told('RebootedIntoUpdate'), status: { ...staged, progress } })],
      expected: ['a: InProgress'],
    },
    {
      name: 'an update that is done is monitored and finished',
      fleet: [leaving({ ...told('RebootedIntoUpdate'), status: rebooted })],
      expected: ['a→MonitoringUpdate MonitoringStarted'],
    },
    {
      name: 'a drain that is stuck is left to the agent that is about it',
      fleet: [leaving({ ...told('RebootedIntoUpdate', 900), status: { ...staged, progress }, cordonedByUs: true, unschedulable: true })],
      expected: ['a: Stuck'],
    },
    {
      name: 'monitoring is given its time',
      fleet: [leaving({ ...told('MonitoringUpdate'), status: rebooted })],
      expected: ['a: InProgress'],
    },
    {
      name: 'monitoring that nobody reports ends',
      fleet: [leaving({ ...told('MonitoringUpdate', 6), status: rebooted })],
      expected: ['a→Idle LabelRemoved'],
    },
    { name: 'one with an agent is given the time to clean up', fleet: [leaving({ status: staged })], expected: ['a: Recovering'] },
    {
      name: 'one without an agent has nothing to wait for',
      fleet: [leaving({ status: staged, agent: undefined })],
      expected: ['a deleted LabelRemoved'],
    },
    {
      name: 'one whose agent never cleans up',
      fleet: [leaving({ status: staged, spec: { state_transition_timestamp: ago(3) } })],
      expected: ['a deleted LabelRemoved'],
    },
    {
      name: 'one whose agent never cleans up, and that is down',
      fleet: [leaving({ status: rebooted, spec: { state_transition_timestamp: ago(3) }, ready: false })],
      expected: ['a: Stuck'],
    },
    {
      name: 'one that is down after a reboot keeps its shadow',
      fleet: [leaving({ status: monitoring, agent: undefined, ready: false })],
      expected: ['a: Recovering'],
    },
  ])('$name', check);

  test('of two shadows only that of the node that is gone is deleted', () => {
    const plan = planFleet({ ...aFleet([aMember('a')]), shadows: [aShadow('a'), aShadow('gone')] }, aPolicy({ window: CLOSED }), NOW);
    expect(lines(plan)).toEqual(['gone deleted NodeGone', 'a: WindowClosed']);
  });

  test('a shadow goes with its node, and one that belongs to nothing is left alone', () => {
    const stray = { ...aShadow('x'), metadata: { name: 'stray' } };
    const plan = planFleet({ nodes: [], shadows: [aShadow('gone'), stray], agents: new Map() }, aPolicy(), NOW);
    expect(plan.changes).toEqual([
      {
        kind: 'delete-shadow',
        node: 'gone',
        shadow: 'brs-gone',
        uid: 'shadow-uid-gone',
        resourceVersion: '7',
        reason: 'NodeGone',
        message: 'Deleting the shadow because its node no longer exists',
      },
    ]);
  });

  test('a shadow without a UID whose node is gone is left alone: its deletion would be refused for ever', () => {
    const bare = { ...aShadow('gone'), metadata: { name: 'brs-gone' } };
    const plan = planFleet({ nodes: [], shadows: [bare], agents: new Map() }, aPolicy(), NOW);
    expect(plan.changes).toEqual([]);
  });

  test('of two shadows for one node the one with the right name counts', () => {
    const owner = [{ apiVersion: 'v1', kind: 'Node', name: 'a', uid: 'uid-a' }];
    const other = { ...aShadow('a', { state: 'MonitoringUpdate' }), metadata: { name: 'other', ownerReferences: owner } };
    for (const shadows of [
      [other, aShadow('a')],
      [aShadow('a'), other],
    ]) {
      const plan = planFleet({ nodes: [aNode('a')], shadows, agents: new Map([['a', true]]) }, aPolicy(), NOW);
      expect(plan.changes.map(({ shadow }) => shadow)).toEqual(['brs-a']);
    }
  });
});

describe('planFleet, what it tells', () => {
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

  test('a hold on a drain says what the agent is at', () => {
    const fleet = [aMember('a', { ...told('RebootedIntoUpdate'), status: { ...staged, progress } })];
    expect(planFleet(aFleet(fleet), aPolicy(), NOW).holds[0]?.message).toBe(
      'Waiting for the agent to reach RebootedIntoUpdate: evicting 3 pods',
    );
  });

  test('a finished update without a version is told as well as it can be', () => {
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
    { name: 'an attempt that is given up', member: { ...told('StagedAndPerformedUpdate', 10), status: staged, ready: false } },
    { name: 'a permission that is taken back', member: { ...told('RebootedIntoUpdate'), status: staged, agent: false } },
  ])('$name keeps its version, which the next step goes by', ({ member }) => {
    expect(planFleet(aFleet([aMember('a', member)]), aPolicy({ window: CLOSED }), NOW).changes).toMatchObject([
      { spec: { version: '1.1.0' } },
    ]);
  });

  test('what is given up is told with what went wrong last', () => {
    const fleet = [aMember('a', { ...told('StagedAndPerformedUpdate', 10), status: { failure_message: 'Downloading 1.1.0: no route' } })];
    expect(planFleet(aFleet(fleet), aPolicy(), NOW).changes[0]?.message).toBe(
      'Giving up because the node did not reach StagedAndPerformedUpdate before the deadline; last failure: Downloading 1.1.0: no route',
    );
  });

  test.each([
    ['1.0.0', 'Ending the update to 1.1.0, which is no longer offered'],
    ['1.2.0', 'Ending the update to 1.1.0, which is no longer offered; the node is now offered 1.2.0'],
  ])('an update that is no longer offered is told with what is offered instead, if anything: %s', (target, expected) => {
    const fleet = aFleet([aMember('a', { ...told('StagedAndPerformedUpdate'), status: withdrawn(target) })]);
    expect(planFleet(fleet, aPolicy(), NOW).changes[0]?.message).toBe(expected);
  });

  test('a failure is told with its cause', () => {
    const message = (status: object): string | undefined =>
      planFleet(
        aFleet([aMember('a', { ...told('RebootedIntoUpdate'), status: { current_state: 'ErrorReset', ...status } })]),
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
        aMember('a', told('StagedAndPerformedUpdate')),
        aMember('b', { status: { crash_count: 1, state_transition_failure_timestamp: ago(1) } }),
        aMember('c', told('StagedAndPerformedUpdate')),
      ],
      policy: {},
      expected: NOW + MINUTE,
    },
    { name: 'the opening of the window', fleet: [aMember('a')], policy: { window: CLOSED }, expected: NOW + 60 * MINUTE },
    {
      name: 'the closing of the window, for a node that may reboot',
      fleet: [aMember('a', { ...told('RebootedIntoUpdate'), status: staged })],
      policy: { window: { kind: 'daily', startMs: 0, stopMs: 12 * 60 * MINUTE + 10 * MINUTE } as const },
      expected: NOW + 4 * MINUTE,
    },
    {
      name: 'the end of the soak time',
      fleet: [aMember('a', { ...told('MonitoringUpdate', 1), status: monitoring })],
      policy: { soakMs: 3 * MINUTE },
      expected: NOW + 2 * MINUTE,
    },
    {
      name: 'the deadline of a node that does not become Ready after its update',
      fleet: [aMember('a', { ...told('MonitoringUpdate', 1), status: monitoring, ready: false })],
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

describe('planFleet, the order of admission', () => {
  /** Those that start, and then those that wait for their turn. */
  const order = (fleet: readonly Member[]): string[] => {
    const { changes, holds } = planFleet(aFleet(fleet), aPolicy({ maxConcurrentUpdates: 'unlimited' }), NOW);
    return [...changes, ...holds.filter(({ reason }) => reason === 'NoFreeSlot' || reason === 'RetryLimited')].map(({ node }) => node);
  };
  const crashed = (crash_count: number): MemberChanges => ({ status: { crash_count, state_transition_failure_timestamp: ago(5_000) } });

  const attempted = (member: Member, count: string): Member =>
    member.shadow === undefined
      ? member
      : { ...member, shadow: { ...member.shadow, metadata: { ...member.shadow.metadata, annotations: { [ATTEMPTS_ANNOTATION]: count } } } };

  test('nodes that wait for the window are told in it, too, those that are staged first', () => {
    const fleet = [
      aMember('leader'),
      aMember('a', crashed(1)),
      aMember('b'),
      aMember('s', { ...told('StagedAndPerformedUpdate'), status: staged }),
      aMember('c', { status: { current_version: '0.9.0' } }),
    ];
    const { holds } = planFleet(aFleet(fleet), aPolicy({ window: CLOSED }), NOW);
    expect(holds.map(({ node, reason }) => `${node}: ${reason}`)).toEqual(
      ['s', 'c', 'b', 'a', 'leader'].map((name) => `${name}: WindowClosed`),
    );
  });

  test.each([
    { name: 'fewest crashes first', fleet: [aMember('a', crashed(2)), aMember('b', crashed(1)), aMember('c')], expected: ['c', 'b', 'a'] },
    {
      name: 'failures that the controller has seen count, whatever the agent reports',
      fleet: [attempted(aMember('a', { status: { current_version: '0.0.1' } }), '2'), attempted(aMember('b'), '1'), aMember('c')],
      expected: ['c', 'b', 'a'],
    },
    {
      name: 'a count that cannot be read is none',
      fleet: [attempted(aMember('a'), '-1'), attempted(aMember('b'), 'x'), aMember('c')],
      expected: ['a', 'b', 'c'],
    },
    { name: "the leader's node last, whatever else", fleet: [aMember('leader'), aMember('a', crashed(9))], expected: ['a', 'leader'] },
    {
      name: 'spread over zones',
      fleet: [aMember('a', { zone: 'x' }), aMember('b', { zone: 'x' }), aMember('c', { zone: 'y' }), aMember('d', { zone: 'y' })],
      expected: ['a', 'c', 'b', 'd'],
    },
    {
      name: 'first from a zone in which nothing is being updated',
      fleet: [
        aMember('a', { zone: 'x' }),
        aMember('b', { zone: 'y' }),
        aMember('busy', { zone: 'x', ...told('StagedAndPerformedUpdate') }),
      ],
      expected: ['b', 'a'],
    },
    {
      name: 'from the less busy zone though the next of the other is older, and of zones that are equally busy the older',
      fleet: [
        aMember('a', { zone: 'x', status: { current_version: '0.1.0' } }),
        aMember('b', { zone: 'y', status: { current_version: '0.2.0' } }),
        aMember('c', { zone: 'y', status: { current_version: '0.3.0' } }),
        aMember('d', { zone: 'x', status: { current_version: '0.4.0' } }),
        aMember('e', { zone: 'x', status: { current_version: '0.5.0' } }),
        ...['f', 'g'].map((name) => aMember(name, { zone: 'y', ...told('StagedAndPerformedUpdate') })),
      ],
      expected: ['a', 'd', 'b', 'e', 'c'],
    },
    {
      name: 'the oldest version first, and of equals the first name',
      fleet: [
        aMember('c'),
        aMember('b'),
        aMember('a', { status: { current_version: '1.0.9' } }),
        aMember('d', { status: { current_version: '0.9.10' } }),
        aMember('e', { status: { current_version: '0.9.9' } }),
      ],
      expected: ['e', 'd', 'b', 'c', 'a'],
    },
    {
      name: 'a version that cannot be read counts as the oldest',
      fleet: [
        aMember('b'),
        aMember('a', { status: { current_version: '?' } }),
        aMember('c', { status: { current_version: '?' } }),
        aMember('d'),
      ],
      expected: ['a', 'c', 'b', 'd'],
    },
  ])('$name', ({ fleet, expected }) => {
    expect(order(fleet)).toEqual(expected);
  });
});

describe('until when the drain of a node is waited for', () => {
  // The fixture's deadline for drain and reboot is 20 minutes, a minute of which has passed.
  const deadline = NOW + 19 * MINUTE;
  const draining = (changes: object): Member =>
    aMember('a', {
      ...told('RebootedIntoUpdate'),
      status: { ...staged, progress: { ...progress, ...changes } },
      cordonedByUs: true,
      unschedulable: true,
    });
  test.each([
    { name: 'the end of the drain that its agent reported', changes: { until: ago(-5) }, until: NOW + 5 * MINUTE },
    { name: 'also where something blocks it', changes: { until: ago(-5), reason: 'DisruptionBudget' }, until: NOW + 5 * MINUTE },
    { name: 'the deadline, if that comes first', changes: { until: ago(-30) }, until: deadline },
    { name: 'the deadline, if the end has passed', changes: { until: ago(1) }, until: deadline },
    { name: 'the deadline, if the end is unreadable', changes: { until: 'soon' }, until: deadline },
    { name: 'the deadline, if no end is reported', changes: {}, until: deadline },
    { name: 'the deadline, if the drain has ended', changes: { step: 'Rebooting', until: ago(-5) }, until: deadline },
  ])('is $name', ({ changes, until }) => {
    expect(planFleet(aFleet([draining(changes)]), aPolicy(), NOW).holds[0]?.until).toBe(until);
  });
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
      name: 'says that an agent has stopped reporting checks, also where there is an update',
      status: { update_check: { result: 'UpdateAvailable', checked_at: ago(500) } },
      overdue: ['brs-a'],
      message: `The agent has stopped reporting checks for updates; the last reported check was at ${ago(500)}`,
    },
  ])('$name', ({ status, overdue, message }) => {
    expect(messageOf(status, overdue)).toBe(message);
  });

  test.each([{ update_check: null }, { update_check: { result: 'Foo' } }])(
    'an agent that does not tell, %j, is updated all the same',
    (status) => {
      expect(lines(planFleet(aFleet([aMember('a', { status })]), aPolicy(), NOW))).toEqual(['a→StagedAndPerformedUpdate UpdateStarted']);
    },
  );
});

describe('planFleet, an agent whose reports are not true', () => {
  test.each([
    { name: 'fails at once and counts no failure', isSuccess: false, most: 12 },
    { name: 'claims one success after the other', isSuccess: true, most: Infinity },
  ])('that $name does not keep the others from their turn; failures are tried ever less often', ({ isSuccess, most }) => {
    const liar = aMember('a', { status: { current_version: '0.0.1' } });
    const honest = ['b', 'c', 'd'].map((name) => aMember(name));
    let shadows = [liar, ...honest].flatMap(({ shadow }) => shadow ?? []);
    const started: string[] = [];
    // Five and a half hours, at a plan every five seconds.
    for (let at = 0; at < 5.5 * 60 * MINUTE; at += 5_000) {
      const plan = planFleet({ ...aFleet([liar, ...honest]), shadows }, aPolicy(), NOW + at);
      for (const { reason, node } of plan.changes) if (reason === 'UpdateStarted') started.push(node);
      shadows = shadows.map((shadow) => {
        const change = plan.changes.find((one) => one.shadow === shadow.metadata.name);
        const next = change === undefined ? shadow : (changed(shadow, change) ?? shadow);
        const { state, version } = next.spec;
        const isLiar = shadow.metadata.name === 'brs-a';
        const reached = isLiar && !isSuccess && state !== 'Idle' ? 'ErrorReset' : state;
        const runs = !isLiar && state === 'RebootedIntoUpdate' ? { current_version: version ?? '' } : {};
        return next.status == null ? next : { ...next, status: { ...next.status, ...runs, current_state: reached } };
      });
    }
    expect(new Set(started.slice(0, 12))).toEqual(new Set(['a', 'b', 'c', 'd']));
    expect(started.filter((node) => node !== 'a')).toEqual(['b', 'c', 'd']);
    expect(started.filter((node) => node === 'a').length).toBeLessThanOrEqual(most);
  });
});
