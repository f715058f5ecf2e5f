import { describe, expect, test } from '@jest/globals';
import { ago, aFleet, aMember, aNode, aPolicy, aShadow, CLOSED, lines, NOW } from '../model/fleet.fixture.ts';
import type { Member, MemberChanges } from '../model/fleet.fixture.ts';
import { planFleet } from '../plan-fleet.ts';
import { desired, expectPlan, monitoring, progress, rebooted, staged } from '../plan-fleet.fixture.ts';
import type { PlanRow } from '../plan-fleet.fixture.ts';

describe('planFleet, nodes that leave the fleet', () => {
  const leaving = (changes: MemberChanges): Member => aMember('a', { managed: false, ...changes });
  test.each<PlanRow>([
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
      name: 'one that has an annotation whose cordon someone has removed keeps its shadow until the annotation is removed',
      fleet: [leaving({ voidMark: true })],
      expected: ['a: LeftUnavailable'],
    },
    {
      name: 'the last keeps its shadow until no node has the taint of cordoned nodes',
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
          ...desired('RebootedIntoUpdate'),
          status: { ...staged, progress },
          agent: undefined,
          cordonedByUs: true,
          unschedulable: true,
        }),
      ],
      expected: ['a: LeftUnavailable'],
    },
    {
      name: 'and is ignored once that is undone, at any stage of its update',
      fleet: [leaving({ ...desired('RebootedIntoUpdate'), status: { ...staged, progress }, agent: undefined })],
      expected: ['a deleted LabelRemoved'],
    },
    {
      name: 'one that an administrator has cordoned and removed does not keep its slot forever',
      fleet: [leaving({ ...desired('RebootedIntoUpdate', 900), status: staged, agent: undefined, unschedulable: true }), aMember('b')],
      expected: ['a deleted LabelRemoved', 'b→StagedAndPerformedUpdate UpdateStarted'],
    },
    {
      name: 'until then one that is cordoned by anyone is waited for',
      fleet: [leaving({ ...desired('RebootedIntoUpdate'), status: staged, agent: undefined, unschedulable: true }), aMember('b')],
      expected: ['a: LostInUpdate', 'b: NoFreeSlot'],
    },
    {
      name: 'one that never came back from its reboot keeps its shadow and its slot',
      fleet: [leaving({ ...desired('RebootedIntoUpdate', 900), status: staged, agent: undefined, ready: false }), aMember('b')],
      expected: ['a: Stuck', 'b: NoFreeSlot'],
    },
    { name: 'staging is canceled', fleet: [leaving(desired('StagedAndPerformedUpdate'))], expected: ['a→Idle LabelRemoved'] },
    {
      name: 'a staged one is canceled',
      fleet: [leaving({ ...desired('StagedAndPerformedUpdate'), status: staged })],
      expected: ['a→Idle LabelRemoved'],
    },
    {
      name: 'a reboot that has not begun is canceled',
      fleet: [leaving({ ...desired('RebootedIntoUpdate'), status: staged })],
      expected: ['a→Idle LabelRemoved'],
    },
    {
      name: 'a drain that has begun is finished',
      fleet: [leaving({ ...desired('RebootedIntoUpdate'), status: { ...staged, progress } })],
      expected: ['a: InProgress'],
    },
    {
      name: 'an update that is done is monitored and finished',
      fleet: [leaving({ ...desired('RebootedIntoUpdate'), status: rebooted })],
      expected: ['a→MonitoringUpdate MonitoringStarted'],
    },
    {
      name: 'a drain that is stuck is left to the agent that is about it',
      fleet: [leaving({ ...desired('RebootedIntoUpdate', 900), status: { ...staged, progress }, cordonedByUs: true, unschedulable: true })],
      expected: ['a: Stuck'],
    },
    {
      name: 'monitoring is given its time',
      fleet: [leaving({ ...desired('MonitoringUpdate'), status: rebooted })],
      expected: ['a: InProgress'],
    },
    {
      name: 'monitoring without a report is canceled at its deadline',
      fleet: [leaving({ ...desired('MonitoringUpdate', 6), status: rebooted })],
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
  ])('$name', expectPlan);

  test('of two shadows only that of the deleted node is deleted', () => {
    const plan = planFleet({ ...aFleet([aMember('a')]), shadows: [aShadow('a'), aShadow('gone')] }, aPolicy({ window: CLOSED }), NOW);
    expect(lines(plan)).toEqual(['gone deleted NodeGone', 'a: WindowClosed']);
  });

  test('a shadow is deleted with its node, and one without a node is left alone', () => {
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

  test('a shadow without a UID whose node was deleted is left alone: its deletion would be refused forever', () => {
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
