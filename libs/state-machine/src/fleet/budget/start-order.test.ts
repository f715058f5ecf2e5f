import { ATTEMPTS_ANNOTATION } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { ago, aFleet, aMember, aPolicy, CLOSED, MINUTE, NOW } from '../model/fleet.fixture.ts';
import type { Member, MemberChanges } from '../model/fleet.fixture.ts';
import { changed } from '../model/changes.ts';
import { planFleet } from '../plan-fleet.ts';
import { desired, staged } from '../plan-fleet.fixture.ts';

describe('planFleet, the start order', () => {
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

  test('nodes that wait for the window are in this order, too, staged ones first', () => {
    const fleet = [
      aMember('leader'),
      aMember('a', crashed(1)),
      aMember('b'),
      aMember('s', { ...desired('StagedAndPerformedUpdate'), status: staged }),
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
      name: 'failures that the controller has observed count, regardless of what the agent reports',
      fleet: [attempted(aMember('a', { status: { current_version: '0.0.1' } }), '2'), attempted(aMember('b'), '1'), aMember('c')],
      expected: ['c', 'b', 'a'],
    },
    {
      name: 'an invalid count counts as zero',
      fleet: [attempted(aMember('a'), '-1'), attempted(aMember('b'), 'x'), aMember('c')],
      expected: ['a', 'b', 'c'],
    },
    { name: "the leader's node always last", fleet: [aMember('leader'), aMember('a', crashed(9))], expected: ['a', 'leader'] },
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
        aMember('busy', { zone: 'x', ...desired('StagedAndPerformedUpdate') }),
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
        ...['f', 'g'].map((name) => aMember(name, { zone: 'y', ...desired('StagedAndPerformedUpdate') })),
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

describe('planFleet, an agent whose reports are not true', () => {
  test.each([
    { name: 'fails immediately and counts no failure', isSuccess: false, most: 12 },
    { name: 'claims one success after the other', isSuccess: true, most: Infinity },
  ])('that $name does not delay the others; failures are retried less and less often', ({ isSuccess, most }) => {
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
