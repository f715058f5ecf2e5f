import { describe, expect, test } from '@jest/globals';
import { ago, aFleet, aMember, aPolicy, CLOSED, FIRED, inWindow, NOW } from '../model/fleet.fixture.ts';
import type { Member } from '../model/fleet.fixture.ts';
import { planFleet } from '../plan-fleet.ts';
import { desired, expectPlan, progress, rebooted, staged } from '../plan-fleet.fixture.ts';
import type { PlanRow } from '../plan-fleet.fixture.ts';
import { parseCronWindow } from '../../window/cron-window.ts';
import type { UpdateWindow } from '../../window/window.ts';

describe('planFleet, a trigger instead of a window', () => {
  const trigger = (expression: string): UpdateWindow => {
    const parsed = parseCronWindow(expression);
    return parsed === undefined || parsed === 'always' ? { kind: 'always' } : parsed;
  };
  const window = trigger('0 0 2 * * * *');
  test.each<PlanRow>([
    {
      name: 'what it has begun continues, and the others follow',
      fleet: [inWindow(aMember('a', { ...desired('StagedAndPerformedUpdate'), status: staged })), aMember('b')],
      policy: { window, maxConcurrentUpdates: 2 },
      expected: ['a→RebootedIntoUpdate RebootAllowed', 'b→StagedAndPerformedUpdate UpdateStarted'],
    },
    {
      name: 'a step that takes longer than ten minutes, too',
      fleet: [inWindow(aMember('a', { ...desired('RebootedIntoUpdate', 15), status: { ...staged, progress } })), aMember('b')],
      policy: { window, maxConcurrentUpdates: 2 },
      expected: ['b→StagedAndPerformedUpdate UpdateStarted', 'a: InProgress'],
    },
    {
      name: 'it continues from one node to the next, even if a controller is restarted in between',
      fleet: [inWindow(aMember('a', { spec: { state_transition_timestamp: ago(9) }, status: { current_version: '1.1.0' } })), aMember('b')],
      policy: { window },
      expected: ['b→StagedAndPerformedUpdate UpdateStarted', 'a: UpToDate'],
    },
    {
      name: 'it ends once nothing has happened for ten minutes',
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
        inWindow(aMember('a', { ...desired('RebootedIntoUpdate', 900), status: staged, ready: false, unschedulable: true })),
        aMember('b'),
      ],
      policy: { window, maxConcurrentUpdates: 2 },
      expected: ['a: Stuck', 'b: WindowClosed'],
    },
    {
      name: 'consecutive minutes are a window, and a window ends',
      fleet: [inWindow(aMember('a', desired('StagedAndPerformedUpdate'))), aMember('b')],
      policy: { window: trigger('0 * 9-10 * * Mon *'), maxConcurrentUpdates: 2 },
      expected: ['a: InProgress', 'b: WindowClosed'],
    },
    {
      name: 'consecutive minutes over the full hour are a window',
      fleet: [inWindow(aMember('a', desired('StagedAndPerformedUpdate'))), aMember('b')],
      policy: { window: trigger('0 59,0 9-10 * * Mon *'), maxConcurrentUpdates: 2 },
      expected: ['a: InProgress', 'b: WindowClosed'],
    },
    {
      name: 'a minute of seconds is a window',
      fleet: [inWindow(aMember('a', desired('StagedAndPerformedUpdate'))), aMember('b')],
      policy: { window: trigger('* 0 2 * * * *'), maxConcurrentUpdates: 2 },
      expected: ['a: InProgress', 'b: WindowClosed'],
    },
    {
      name: 'an update that did not start in its window does not keep it open',
      fleet: [aMember('a', desired('StagedAndPerformedUpdate')), aMember('b')],
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
      name: 'an annotation of an earlier step does not apply to a spec that someone else has written',
      fleet: [inWindow(aMember('a', desired('StagedAndPerformedUpdate')), FIRED, ago(9)), aMember('b')],
      policy: { window, maxConcurrentUpdates: 2 },
      expected: ['a: InProgress', 'b: WindowClosed'],
    },
    {
      name: 'an annotation of another trigger, such as one that was configured before, opens no window',
      fleet: [inWindow(aMember('a', desired('StagedAndPerformedUpdate')), '2026-01-05T02:00:01.000Z'), aMember('b')],
      policy: { window, maxConcurrentUpdates: 2 },
      expected: ['a: InProgress', 'b: WindowClosed'],
    },
    {
      name: 'an invalid annotation opens no window',
      fleet: [inWindow(aMember('a', desired('StagedAndPerformedUpdate')), 'at night'), aMember('b')],
      policy: { window, maxConcurrentUpdates: 2 },
      expected: ['a: InProgress', 'b: WindowClosed'],
    },
    {
      name: 'a node that gives up at its deadline leaves the window open for the next',
      fleet: [inWindow(aMember('a', desired('StagedAndPerformedUpdate', 10))), aMember('b')],
      policy: { window },
      expected: ['a→Idle GivenUp', 'b→StagedAndPerformedUpdate UpdateStarted'],
    },
    {
      name: 'before it nothing starts',
      fleet: [aMember('a')],
      policy: { window },
      expected: ['a: WindowClosed'],
    },
  ])('$name', expectPlan);

  const annotationOf = (member: Member, at = NOW, others: readonly Member[] = []): string | null | undefined => {
    const [change] = planFleet(aFleet([member, ...others]), aPolicy({ window }), at).changes;
    return change?.kind === 'spec' ? change.windowAnnotation : undefined;
  };
  const fired = Date.parse('2026-01-06T02:00:00Z');
  const returned = { ...desired('RebootedIntoUpdate', 15), status: rebooted };
  test.each([
    {
      name: 'an update that starts is annotated with the time at which the trigger fired, and the time of its own step',
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
      name: 'a later step keeps the annotation',
      annotation: annotationOf(inWindow(aMember('a', returned))),
      expected: `${FIRED}/${ago(0)}`,
    },
    {
      name: 'a step of a node that comes back when the window has closed loses the annotation',
      annotation: annotationOf(inWindow(aMember('a', { ...desired('RebootedIntoUpdate', 31), status: rebooted }))),
      expected: null,
    },
    {
      name: 'even if it comes back just as the trigger fires again',
      annotation: annotationOf(inWindow(aMember('a', returned)), fired + 1_000),
      expected: null,
    },
    {
      name: 'a node that was staged in an earlier window belongs to the one in which it drains',
      annotation: annotationOf(inWindow(aMember('a', { ...desired('StagedAndPerformedUpdate', 900), status: staged })), fired + 1_000),
      expected: '2026-01-06T02:00:00.000Z/2026-01-06T02:00:01.000Z',
    },
    { name: 'what was never annotated stays so', annotation: annotationOf(aMember('a', returned)), expected: undefined },
  ])('$name', ({ annotation, expected }) => {
    expect(annotation).toEqual(expected);
  });
});

describe('planFleet, a window that closes on a node allowed to reboot', () => {
  test.each<PlanRow>([
    {
      name: 'revokes the permission of an agent that is down',
      fleet: [aMember('a', { ...desired('RebootedIntoUpdate'), status: staged, agent: false })],
      policy: { window: CLOSED },
      expected: ['a→StagedAndPerformedUpdate WindowClosed'],
    },
    {
      name: 'revokes the permission of an agent that is up and has not begun',
      fleet: [aMember('a', { ...desired('RebootedIntoUpdate'), status: staged })],
      policy: { window: CLOSED },
      expected: ['a→StagedAndPerformedUpdate WindowClosed'],
    },
    {
      name: 'lets a drain that has begun continue',
      fleet: [aMember('a', { ...desired('RebootedIntoUpdate'), status: { ...staged, progress }, agent: false })],
      policy: { window: CLOSED },
      expected: ['a: LostInUpdate'],
    },
    ...[{ excludedByUs: true }, { unschedulable: true }].map((changes) => ({
      name: `lets a drain go on that only the node shows: ${JSON.stringify(changes)}`,
      fleet: [aMember('a', { ...desired('RebootedIntoUpdate'), status: staged, agent: false, ...changes })],
      policy: { window: CLOSED },
      expected: ['a: LostInUpdate'],
    })),
  ])('$name', expectPlan);
});
