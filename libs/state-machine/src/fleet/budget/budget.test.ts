import { describe, expect, test } from '@jest/globals';
import { ago, aFleet, aMember, aPolicy, MINUTE, NOW } from '../model/fleet.fixture.ts';
import type { Member, MemberChanges } from '../model/fleet.fixture.ts';
import type { FleetPolicy } from '../model/policy.ts';
import { planFleet } from '../plan-fleet.ts';
import { desired, expectPlan, monitoring, staged } from '../plan-fleet.fixture.ts';
import type { PlanRow } from '../plan-fleet.fixture.ts';

describe('planFleet, slots', () => {
  const busy = aMember('busy', desired('StagedAndPerformedUpdate'));
  test.each<PlanRow>([
    {
      name: 'no more start than there are slots',
      fleet: [aMember('a'), aMember('b')],
      expected: ['a→StagedAndPerformedUpdate UpdateStarted', 'b: NoFreeSlot'],
    },
    {
      name: 'all free slots are used immediately, beside updating nodes',
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
      name: 'a node that is to become idle keeps its slot until it is',
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
      fleet: [aMember('busy', { ...desired('RebootedIntoUpdate', 900), status: staged, ready: false }), aMember('a')],
      expected: ['busy: Stuck', 'a: NoFreeSlot'],
    },
    {
      name: 'a staged node takes its reboot before others start',
      fleet: [aMember('a'), aMember('busy', { ...desired('StagedAndPerformedUpdate'), status: staged })],
      expected: ['busy→RebootedIntoUpdate RebootAllowed', 'a: NoFreeSlot'],
    },
    {
      name: 'a lowered limit lets only so many staged nodes reboot',
      fleet: ['a', 'b'].map((name) => aMember(name, { ...desired('StagedAndPerformedUpdate'), status: staged })),
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b: NoFreeSlot'],
    },
    {
      name: 'a crashed node releases its slot for the next once it is idle',
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
      name: 'unavailable nodes delay reboots',
      fleet: [aMember('cordoned', { unschedulable: true }), aMember('a', { ...desired('StagedAndPerformedUpdate'), status: staged })],
      policy: { maxUnavailable: { percent: 50 } },
      expected: ['cordoned: CordonedByAdministrator', 'a: TooManyUnavailable'],
    },
    {
      name: 'a reboot that is allowed counts for the next one of the same plan',
      fleet: ['a', 'b'].map((name) => aMember(name, { ...desired('StagedAndPerformedUpdate'), status: staged })),
      policy: { maxConcurrentUpdates: 2, maxUnavailable: { count: 1 } },
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b: TooManyUnavailable'],
    },
    {
      name: 'nodes at work count as unavailable to be',
      fleet: [busy, aMember('a')],
      policy: { maxConcurrentUpdates: 5, maxUnavailable: { count: 1 } },
      expected: ['busy: InProgress', 'a: TooManyUnavailable'],
    },
  ])('$name', expectPlan);
});

describe('planFleet, the last node in service', () => {
  const all = { maxConcurrentUpdates: 'unlimited' } as const;
  const waiting = (name: string, changes: MemberChanges = {}): Member =>
    aMember(name, { ...desired('StagedAndPerformedUpdate'), status: staged, ...changes });
  const away = (name: string, changes: MemberChanges = {}): Member =>
    aMember(name, { ...desired('RebootedIntoUpdate'), status: staged, ready: false, ...changes });
  const lastWaits = (others: readonly Member[]): string[] => [
    ...others.map(({ node }) => `${node.name}: InProgress`),
    'a: LastSchedulableNode',
  ];
  test.each<PlanRow>([
    {
      name: 'stays until another is back, even without a limit',
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
      name: 'waits until the update of another has ended, including its soak time',
      fleet: [aMember('b', { ...desired('MonitoringUpdate'), status: monitoring }), waiting('a')],
      policy: { ...all, soakMs: 5 * MINUTE },
      expected: ['b: Soaking', 'a: LastSchedulableNode'],
    },
    {
      name: 'reboots if an unmanaged node is in service',
      fleet: [away('b'), aMember('other', { managed: false, shadow: null }), waiting('a')],
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b: InProgress'],
    },
    {
      name: 'reboots if it is the only node',
      fleet: [waiting('a')],
      expected: ['a→RebootedIntoUpdate RebootAllowed'],
    },
    {
      name: 'reboots if no other node could come back',
      fleet: [aMember('down', { ready: false }), aMember('theirs', { unschedulable: true }), waiting('a')],
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'down: NodeNotReady', 'theirs: CordonedByAdministrator'],
    },
    {
      name: 'waits for no node that is stuck',
      fleet: [away('b', desired('RebootedIntoUpdate', 900)), waiting('a')],
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
      name: 'does not wait for a node that an update has left unavailable',
      fleet: [aMember('b', { cordonedByUs: true, unschedulable: true, shadow: null }), waiting('a')],
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b: LeftUnavailable'],
    },
    ...[{ tainted: true }, { ready: false }, { unschedulable: true }, { deleting: true }].map((changes) => ({
      name: `does not count one that is ${JSON.stringify(changes)}`,
      fleet: [away('b'), aMember('other', { managed: false, shadow: null, ...changes }), waiting('a')],
      policy: all,
      expected: lastWaits([away('b')]),
    })),
    {
      name: 'reboots, if it is tainted, while another tainted node is in service, because its pods tolerate the taint',
      fleet: ['a', 'b'].map((name) => waiting(name, { tainted: true })),
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b: LastSchedulableNode'],
    },
    {
      name: 'tainted nodes reboot while an untainted one is in service',
      fleet: [...['a', 'b'].map((name) => waiting(name, { tainted: true })), aMember('idle', { status: { current_version: '1.1.0' } })],
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b→RebootedIntoUpdate RebootAllowed', 'idle: UpToDate'],
    },
    {
      name: 'does not wait if it takes no pods anyway',
      fleet: ['a', 'b'].map((name) => waiting(name, { cordonedByUs: true, unschedulable: true })),
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b→RebootedIntoUpdate RebootAllowed'],
    },
    {
      name: 'reboots beside another after one that took no pods anyway',
      fleet: [
        waiting('a', { cordonedByUs: true, unschedulable: true }),
        waiting('b'),
        aMember('idle', { status: { current_version: '1.1.0' } }),
      ],
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b→RebootedIntoUpdate RebootAllowed', 'idle: UpToDate'],
    },
    {
      name: 'is never a node that takes no pods, beside one that does',
      fleet: [away('b'), aMember('other', { managed: false, shadow: null }), waiting('a', { cordonedByUs: true, unschedulable: true })],
      policy: all,
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b: InProgress'],
    },
    {
      name: 'does not wait for another cordoned node that waits as well',
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
      name: 'names the limit first, which an operator can change',
      fleet: ['a', 'b'].map((name) => waiting(name)),
      policy: { maxConcurrentUpdates: 1 },
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b: NoFreeSlot'],
    },
  ])('$name', expectPlan);
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
    {
      name: 'two nodes of which each blocks the drain of the other are updated one after the other',
      members: nodes(2, 1),
      limit: 2,
      started: 1,
    },
    { name: 'each failure halves how many are updated at a time', members: nodes(16, 2), limit: 'unlimited', started: 4 },
    { name: 'one is always updated', members: nodes(4, 40), limit: 'unlimited', started: 1 },
    { name: 'the limit counts if it is lower', members: nodes(16, 1), limit: 4, started: 2 },
    {
      name: 'a stuck node does not delay them',
      members: [aMember('stuck', { ...desired('RebootedIntoUpdate', 900), status: staged, ready: false }), ...nodes(1, 3)],
      limit: 2,
      started: 1,
    },
  ] as const)('$name', ({ members, limit, started }) => {
    expect(startedOf(members, { maxConcurrentUpdates: limit })).toBe(started);
  });

  test.each<PlanRow>([
    {
      name: 'while other nodes are updated, one that has failed waits for its own reason, although a slot is free',
      fleet: [aMember('busy', desired('StagedAndPerformedUpdate')), ...nodes(1, 1)],
      policy: { maxConcurrentUpdates: 2 },
      expected: ['busy: InProgress', 'n0: RetryLimited'],
    },
    {
      name: 'without a free slot that is what it waits for',
      fleet: [aMember('busy', desired('StagedAndPerformedUpdate')), ...nodes(1, 1)],
      expected: ['busy: InProgress', 'n0: NoFreeSlot'],
    },
    {
      name: 'a node that is lost in its update does not count as one beside which it would be tried again',
      fleet: [aMember('lost', { ...desired('RebootedIntoUpdate', 30), status: staged, ready: false, readySince: ago(6) }), ...nodes(1, 1)],
      policy: { maxConcurrentUpdates: 2, timeouts: { ...aPolicy().timeouts, rebootedMs: 60 * MINUTE } },
      expected: ['n0→StagedAndPerformedUpdate UpdateStarted', 'lost: LostInUpdate'],
    },
  ])('$name', expectPlan);
});
