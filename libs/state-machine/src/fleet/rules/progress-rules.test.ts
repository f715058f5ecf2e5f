import { describe, expect, test } from '@jest/globals';
import { ago, aFleet, aMember, aPolicy, aShadow, CLOSED, lines, MINUTE, NOW } from '../model/fleet.fixture.ts';
import type { Member, MemberChanges } from '../model/fleet.fixture.ts';
import type { FleetHold } from '../model/plan.ts';
import { planFleet } from '../plan-fleet.ts';
import { desired, expectPlan, monitoring, progress, rebooted, staged, withdrawn } from '../plan-fleet.fixture.ts';
import type { PlanRow } from '../plan-fleet.fixture.ts';

describe('planFleet, one node through an update', () => {
  test.each<PlanRow>([
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
    { name: 'waits for a node that is staging', fleet: [aMember('a', desired('StagedAndPerformedUpdate'))], expected: ['a: InProgress'] },
    {
      name: 'lets a staged node reboot',
      fleet: [aMember('a', { ...desired('StagedAndPerformedUpdate'), status: staged })],
      expected: ['a→RebootedIntoUpdate RebootAllowed'],
    },
    {
      name: 'a staged node whose cordon is owned continues to its reboot, which ends the cordon',
      fleet: [aMember('a', { ...desired('StagedAndPerformedUpdate'), status: staged, unschedulable: true, cordonedByUs: true })],
      expected: ['a→RebootedIntoUpdate RebootAllowed'],
    },
    {
      name: 'a left-over progress of a staged node does not keep it from its own slot',
      fleet: [aMember('a', { ...desired('StagedAndPerformedUpdate'), status: { ...staged, progress } })],
      expected: ['a→RebootedIntoUpdate RebootAllowed'],
    },
    {
      name: 'waits for a node that drains and reboots',
      fleet: [aMember('a', { ...desired('RebootedIntoUpdate'), status: { ...staged, progress }, cordonedByUs: true, unschedulable: true })],
      expected: ['a: InProgress'],
    },
    {
      name: 'reports what blocks the drain of a node',
      fleet: [
        aMember('a', {
          ...desired('RebootedIntoUpdate'),
          status: { ...staged, progress: { ...progress, reason: 'DisruptionBudget' } },
          cordonedByUs: true,
          unschedulable: true,
        }),
      ],
      expected: ['a: DrainBlocked'],
    },
    {
      name: 'monitors a node that has come back',
      fleet: [aMember('a', { ...desired('RebootedIntoUpdate'), status: rebooted })],
      expected: ['a→MonitoringUpdate MonitoringStarted'],
    },
    {
      name: 'waits for the report of a monitored node',
      fleet: [aMember('a', { ...desired('MonitoringUpdate'), status: rebooted })],
      expected: ['a: InProgress'],
    },
    {
      name: 'says what is unhealthy on a monitored node',
      fleet: [aMember('a', { ...desired('MonitoringUpdate'), status: { ...rebooted, failure_message: 'Pod x is not Ready' } })],
      expected: ['a: UnhealthyAfterUpdate'],
    },
    {
      name: 'ends monitoring immediately without a soak time',
      fleet: [aMember('a', { ...desired('MonitoringUpdate'), status: monitoring })],
      expected: ['a→Idle UpdateFinished'],
    },
    {
      name: 'monitors until the node is Ready',
      fleet: [aMember('a', { ...desired('MonitoringUpdate'), status: monitoring, ready: false })],
      expected: ['a: Soaking'],
    },
    {
      name: 'monitors until the node has been Ready for the soak time',
      fleet: [aMember('a', { ...desired('MonitoringUpdate', 9), status: monitoring, readySince: ago(4) })],
      policy: { soakMs: 5 * MINUTE },
      expected: ['a: Soaking'],
    },
    {
      name: 'the soak time begins no earlier than monitoring',
      fleet: [aMember('a', { ...desired('MonitoringUpdate', 4), status: monitoring })],
      policy: { soakMs: 5 * MINUTE },
      expected: ['a: Soaking'],
    },
    {
      name: 'the soak time counts from monitoring if it is unknown since when the node is Ready',
      fleet: [aMember('a', { ...desired('MonitoringUpdate', 4), status: monitoring, readySince: 'noon' })],
      policy: { soakMs: 5 * MINUTE },
      expected: ['a: Soaking'],
    },
    {
      name: 'ends monitoring after the soak time',
      fleet: [aMember('a', { ...desired('MonitoringUpdate', 5), status: monitoring, readySince: ago(5) })],
      policy: { soakMs: 5 * MINUTE },
      expected: ['a→Idle UpdateFinished'],
    },
    {
      name: 'unreadable times do not keep a node monitored forever',
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
      name: 'waits for the report of a finished node',
      fleet: [aMember('a', { status: monitoring })],
      expected: ['a: Recovering'],
    },
    { name: 'leaves an updated node alone', fleet: [aMember('a', { status: { current_version: '1.1.0' } })], expected: ['a: UpToDate'] },
    {
      name: 'resets a node after an error, window or not',
      fleet: [aMember('a', { ...desired('RebootedIntoUpdate'), status: { current_state: 'ErrorReset', failure_message: 'no disk' } })],
      policy: { window: CLOSED },
      expected: ['a→Idle ResetAfterError'],
    },
    {
      name: 'ends an update that is no longer offered, without a failure',
      fleet: [aMember('a', { ...desired('RebootedIntoUpdate'), status: withdrawn('1.0.0') })],
      policy: { window: CLOSED },
      expected: ['a→Idle UpdateWithdrawn'],
    },
    {
      name: 'does not mistake a failure of Brupop 1.x for a withdrawal',
      fleet: [aMember('a', { ...desired('RebootedIntoUpdate'), status: { current_state: 'ErrorReset', target_version: '1.0.0' } })],
      expected: ['a→Idle ResetAfterError'],
    },
    {
      name: 'immediately starts the update that is offered instead',
      fleet: [aMember('a', { spec: { state_transition_timestamp: ago(0) }, status: { ...withdrawn('1.2.0'), current_state: 'Idle' } })],
      expected: ['a→StagedAndPerformedUpdate UpdateStarted'],
    },
    {
      name: 'resets a node on which a user requested it',
      fleet: [aMember('a', { spec: { state: 'ErrorReset' } })],
      expected: ['a→Idle ResetAfterError'],
    },
    {
      name: 'finishes after a window has closed',
      fleet: [
        aMember('a', { ...desired('RebootedIntoUpdate'), status: rebooted }),
        aMember('b', { ...desired('MonitoringUpdate'), status: monitoring }),
      ],
      policy: { window: CLOSED },
      expected: ['a→MonitoringUpdate MonitoringStarted', 'b→Idle UpdateFinished'],
    },
  ])('$name', expectPlan);
});

describe('until when the drain of a node is waited for', () => {
  // The fixture's deadline for drain and reboot is 20 minutes, a minute of which has passed.
  const deadline = NOW + 19 * MINUTE;
  const draining = (changes: object): Member =>
    aMember('a', {
      ...desired('RebootedIntoUpdate'),
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

describe('planFleet, a node that is lost in its update', () => {
  const policy = aPolicy({
    timeouts: { stagedMs: 60 * MINUTE, rebootedMs: 60 * MINUTE, monitoringMs: 60 * MINUTE, recoveryMs: 60 * MINUTE },
  });
  const holdOf = (changes: MemberChanges, agentsSince: ReadonlyMap<string, string> = new Map()): FleetHold | undefined =>
    planFleet({ ...aFleet([aMember('a', changes)]), agentsSince }, policy, NOW).holds.find(({ node }) => node === 'a');
  const phases: Record<string, MemberChanges> = {
    staging: desired('StagedAndPerformedUpdate', 30),
    draining: { ...desired('RebootedIntoUpdate', 30), status: { ...staged, progress } },
    rebooting: { ...desired('RebootedIntoUpdate', 30), status: { ...staged, progress: { ...progress, step: 'Rebooting' } } },
    monitored: { ...desired('MonitoringUpdate', 30), status: rebooted },
    soaking: { ...desired('MonitoringUpdate', 30), status: monitoring },
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

  test('the message still names the stage of the update', () => {
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
      member: { ...desired('RebootedIntoUpdate', 2), status: staged, ready: false, readySince: ago(50) },
      reason: 'InProgress',
    },
    { name: 'ahead', member: { ...phases['rebooting'], ready: false, readySince: ago(-50) }, reason: 'InProgress' },
  ] as const)('a clock of the node that is $name makes it lost no sooner than its step began', ({ member, reason }) => {
    expect(holdOf(member)).toMatchObject({ reason });
  });

  test('past its deadline it still counts as stuck', () => {
    expect(holdOf({ ...desired('RebootedIntoUpdate', 61), status: staged, ready: false, readySince: ago(60) })).toMatchObject({
      reason: 'Stuck',
    });
  });
});

describe('planFleet, stuck nodes', () => {
  test.each<PlanRow>([
    {
      name: 'one that does not stage is given up, and the next starts',
      fleet: [aMember('stuck', desired('StagedAndPerformedUpdate', 10)), aMember('a')],
      expected: ['stuck→Idle GivenUp', 'a→StagedAndPerformedUpdate UpdateStarted'],
    },
    {
      name: 'one without any report is given up too',
      fleet: [aMember('stuck', { ...desired('StagedAndPerformedUpdate', 10), status: null })],
      expected: ['stuck→Idle GivenUp'],
    },
    {
      name: 'one that never began to drain must not begin later',
      fleet: [aMember('stuck', { ...desired('RebootedIntoUpdate', 20), status: staged, agent: false })],
      expected: ['stuck→Idle GivenUp'],
    },
    {
      name: 'one that has staged but may not reboot is given up',
      fleet: [aMember('stuck', { ...desired('StagedAndPerformedUpdate', 10), status: staged, ready: false })],
      expected: ['stuck→Idle GivenUp'],
    },
    {
      name: 'one that is cordoned by anyone during its reboot keeps its slot',
      fleet: [aMember('stuck', { ...desired('RebootedIntoUpdate', 20), status: staged, unschedulable: true }), aMember('a')],
      expected: ['stuck: Stuck', 'a: NoFreeSlot'],
    },
    {
      name: 'one that is back but silent releases its slot',
      fleet: [aMember('stuck', { ...desired('MonitoringUpdate', 6), status: rebooted, agent: false }), aMember('a')],
      expected: ['stuck→Idle GivenUp', 'a: NoFreeSlot'],
    },
    {
      name: 'one that reports health and is not Ready',
      fleet: [aMember('stuck', { ...desired('MonitoringUpdate', 6), status: monitoring, ready: false }), aMember('a')],
      expected: ['stuck: Stuck', 'a: NoFreeSlot'],
    },
    {
      name: 'one that was not Ready for a moment has one more soak time, and releases its slot meanwhile',
      fleet: [aMember('stuck', { ...desired('MonitoringUpdate', 14), status: monitoring, readySince: ago(1) }), aMember('a')],
      policy: { soakMs: 5 * MINUTE },
      expected: ['a→StagedAndPerformedUpdate UpdateStarted', 'stuck: Stuck'],
    },
    {
      name: 'one that never stays Ready for the soak time has its monitoring given up',
      fleet: [aMember('stuck', { ...desired('MonitoringUpdate', 15), status: monitoring, readySince: ago(1) }), aMember('a')],
      policy: { soakMs: 5 * MINUTE },
      expected: ['stuck→Idle GivenUp', 'a: NoFreeSlot'],
    },
    {
      name: 'one that does not clean up releases its slot if it serves',
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
  ])('$name', expectPlan);

  test('a canceled node is started after the others', () => {
    const fleet = [aMember('a', { spec: { version: '1.1.0', state_transition_timestamp: ago(60) } }), aMember('b')];
    expect(lines(planFleet(aFleet(fleet), aPolicy(), NOW))).toEqual(['b→StagedAndPerformedUpdate UpdateStarted', 'a: NoFreeSlot']);
  });
});
