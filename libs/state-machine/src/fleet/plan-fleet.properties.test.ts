import type { BottlerocketShadow, ShadowState, ShadowStatus } from '@brupop/crd-models';
import { PROGRESS_STEPS, SHADOW_STATES } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { aFleet, aMember, aPolicy, ago, CLOSED, MINUTE, NOW } from './fleet.fixture.ts';
import type { Member } from './fleet.fixture.ts';
import type { FleetObservation } from './observation.ts';
import type { FleetPlan } from './plan.ts';
import { planFleet } from './plan-fleet.ts';
import type { FleetPolicy } from './policy.ts';

const state = fc.constantFrom(...SHADOW_STATES);
const stamp = fc.oneof(fc.integer({ min: -3, max: 3_000 }).map(ago), fc.constantFrom(null, 'never', '9999-12-31T23:59:59Z'));
const version = fc.constantFrom('1.0.0', '1.1.0', '1.2.0-rc.1', '?');
const member = (name: string): fc.Arbitrary<Member> =>
  fc
    .record({
      spec: fc.record({ state, version: fc.option(version), state_transition_timestamp: stamp }),
      status: fc.option(
        fc.record({
          current_state: state,
          current_version: version,
          target_version: version,
          crash_count: fc.nat(4_294_967_295),
          state_transition_failure_timestamp: stamp,
          progress: fc.option(
            fc.record({ step: fc.constantFrom(...PROGRESS_STEPS), since: fc.constant(''), boot_id: fc.constant(''), version }),
          ),
        }),
      ),
      managed: fc.boolean(),
      ready: fc.boolean(),
      unschedulable: fc.boolean(),
      cordonedByUs: fc.boolean(),
      excludedByUs: fc.boolean(),
      deleting: fc.boolean(),
      zone: fc.constantFrom('x', 'y'),
      agent: fc.constantFrom(true, false, undefined),
    })
    .chain((changes) => fc.boolean().map((gone) => aMember(name, gone ? { ...changes, shadow: null } : changes)));
const fleet = fc.nat(8).chain((size) => fc.tuple(...Array.from({ length: size }, (_, index) => member(`n${String(index)}`))));
const policy: fc.Arbitrary<FleetPolicy> = fc
  .record({
    maxConcurrentUpdates: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant('unlimited' as const)),
    window: fc.constantFrom<FleetPolicy['window']>({ kind: 'always' }, CLOSED),
    soakMs: fc.constantFrom(0, 5 * MINUTE),
    maxUnavailable: fc.option(
      fc.oneof(fc.record({ count: fc.integer({ min: 1, max: 4 }) }), fc.record({ percent: fc.integer({ min: 1, max: 100 }) })),
    ),
  })
  .map(({ maxUnavailable, ...rest }) => aPolicy({ ...rest, ...(maxUnavailable === null ? {} : { maxUnavailable }) }));

/** The fleet once every change is made, and before any agent has reacted. */
function applied(observation: FleetObservation, { changes }: FleetPlan): FleetObservation {
  const byShadow = new Map(changes.map((change) => [change.shadow, change]));
  const shadows = observation.shadows.flatMap((shadow): BottlerocketShadow[] => {
    const change = byShadow.get(shadow.metadata.name);
    if (change === undefined) return [shadow];
    return change.kind === 'spec' ? [{ ...shadow, spec: change.spec }] : [];
  });
  return { ...observation, shadows };
}

describe('planFleet over any fleet whatever', () => {
  test('never makes two changes for a node, and tells of every managed node exactly once', () => {
    fc.assert(
      fc.property(fleet, policy, (members, rules) => {
        const plan = planFleet(aFleet(members), rules, NOW);
        const told = [...plan.changes, ...plan.holds].map(({ node }) => node);
        expect(new Set(told).size).toBe(told.length);
        expect(members.map(({ node }) => node).filter(({ managed, name }) => managed && !told.includes(name))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  // Called off in one plan, deleted in the next: in between the agent may see that it is to stop.
  test('has nothing more to change once its changes are made, but to delete what was called off', () => {
    fc.assert(
      fc.property(fleet, policy, (members, rules) => {
        const observation = aFleet(members);
        const plan = planFleet(observation, rules, NOW);
        const after = applied(observation, plan);
        const replanned = planFleet(after, rules, NOW);
        expect(replanned.changes.filter(({ kind }) => kind === 'spec')).toEqual([]);
        expect(planFleet(applied(after, replanned), rules, NOW).changes).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('starts nothing disruptive outside its window, and rechecks only in the future', () => {
    fc.assert(
      fc.property(fleet, (members) => {
        const { changes, recheckAt } = planFleet(aFleet(members), aPolicy({ window: CLOSED }), NOW);
        expect(changes.filter(({ reason }) => reason === 'UpdateStarted' || reason === 'RebootAllowed')).toEqual([]);
        expect(recheckAt ?? Infinity).toBeGreaterThan(NOW);
      }),
      { numRuns: 300 },
    );
  });
});

interface HostState {
  member: Member;
  /** A host that has stopped reacting. */
  dead: boolean;
}

/** An agent's next observable step, or a fault of its node. */
function live(host: HostState, event: number): void {
  const { node, shadow } = host.member;
  if (shadow?.status == null || host.dead) return;
  const { spec, status } = shadow;
  const report = (changes: Partial<ShadowStatus>, changesOfNode: Partial<Member['node']> = {}): void => {
    host.member = { ...host.member, node: { ...node, ...changesOfNode }, shadow: { ...shadow, status: { ...status, ...changes } } };
  };
  const begun = node.cordonedByUs;
  if (event === 0) host.dead = true;
  else if (event === 1 && spec.state !== 'Idle') report({ current_state: 'ErrorReset', crash_count: status.crash_count + 1 });
  else if (event === 2) report({}, { readySince: ago(0) });
  else if (spec.state === 'Idle') report({ current_state: 'Idle' }, { cordonedByUs: false, unschedulable: false, ready: true });
  else if (status.current_state === 'ErrorReset') return;
  else if (spec.state === 'RebootedIntoUpdate' && !begun) report({}, { cordonedByUs: true, unschedulable: true, ready: event % 2 === 0 });
  else if (spec.state === 'RebootedIntoUpdate') {
    report({ current_state: spec.state, current_version: spec.version ?? '' }, { cordonedByUs: false, unschedulable: false, ready: true });
  } else report({ current_state: spec.state satisfies ShadowState });
}

describe('planFleet over histories', () => {
  test('never has more nodes unavailable, or being updated, than it may', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.record({ host: fc.nat(5), event: fc.nat(20), minutes: fc.nat(15) }), { maxLength: 150 }),
        (limit, history) => {
          const hosts = Array.from({ length: 6 }, (_, index): HostState => ({ member: aMember(`n${String(index)}`), dead: false }));
          let now = NOW;
          for (const { host, event, minutes } of history) {
            now += minutes * MINUTE;
            const alive = hosts[host];
            if (alive !== undefined) live(alive, event);
            const observation = aFleet(hosts.map(({ member }) => member));
            const after = applied(observation, planFleet(observation, aPolicy({ maxConcurrentUpdates: limit }), now));
            for (const one of hosts) {
              const shadow = after.shadows.find(({ metadata }) => metadata.name === `brs-${one.member.node.name}`);
              one.member = { ...one.member, ...(shadow === undefined ? {} : { shadow }) };
            }
            const unavailable = hosts.filter(({ member }) => member.node.cordonedByUs);
            const allowed = hosts.filter(({ member }) => member.shadow?.spec.state === 'RebootedIntoUpdate');
            expect(unavailable.length).toBeLessThanOrEqual(limit);
            expect(allowed.length).toBeLessThanOrEqual(limit);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a fleet whose nodes all work is all updated', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 5 }), (size, limit) => {
        const hosts = Array.from({ length: size }, (_, index): HostState => ({ member: aMember(`n${String(index)}`), dead: false }));
        for (let round = 0; round < size * 12; round++) {
          for (const host of hosts) live(host, 4);
          const observation = aFleet(hosts.map(({ member }) => member));
          const after = applied(observation, planFleet(observation, aPolicy({ maxConcurrentUpdates: limit }), NOW));
          hosts.forEach((host, index) => {
            const shadow = after.shadows[index];
            host.member = { ...host.member, ...(shadow === undefined ? {} : { shadow }) };
          });
        }
        expect(hosts.map(({ member }) => member.shadow?.status?.current_version)).toEqual(hosts.map(() => '1.1.0'));
      }),
      { numRuns: 30 },
    );
  });
});
