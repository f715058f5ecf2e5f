import type { BottlerocketShadow, ShadowState, ShadowStatus } from '@brupop/crd-models';
import { PROGRESS_STEPS, SHADOW_STATES } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { aFleet, aMember, aPolicy, ago, CLOSED, MINUTE, NOW } from './model/fleet.fixture.ts';
import type { Member, MemberChanges } from './model/fleet.fixture.ts';
import type { FailingWrite, FleetObservation } from './model/observation.ts';
import type { FleetPlan } from './model/plan.ts';
import { planFleet } from './plan-fleet.ts';
import type { FleetPolicy } from './model/policy.ts';

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
      tainted: fc.boolean(),
      cordonedByUs: fc.boolean(),
      excludedByUs: fc.boolean(),
      deleting: fc.boolean(),
      zone: fc.constantFrom('x', 'y'),
      agent: fc.constantFrom(true, false, undefined),
    })
    .chain((changes) => fc.boolean().map((gone) => aMember(name, gone ? { ...changes, shadow: null } : changes)));
const limits = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant('unlimited' as const));
const fleet = fc.nat(8).chain((size) => fc.tuple(...Array.from({ length: size }, (_, index) => member(`n${String(index)}`))));
const policy: fc.Arbitrary<FleetPolicy> = fc
  .record({
    maxConcurrentUpdates: limits,
    window: fc.constantFrom<FleetPolicy['window']>({ kind: 'always' }, CLOSED),
    soakMs: fc.constantFrom(0, 5 * MINUTE),
    maxUnavailable: fc.option(
      fc.oneof(fc.record({ count: fc.integer({ min: 1, max: 4 }) }), fc.record({ percent: fc.integer({ min: 1, max: 100 }) })),
    ),
  })
  .map(({ maxUnavailable, ...rest }) => aPolicy({ ...rest, ...(maxUnavailable === null ? {} : { maxUnavailable }) }));

/** A fleet of which some shadows cannot be written. */
const observed = fleet.chain((members) =>
  fc
    .subarray(members.map(({ node }) => `brs-${node.name}`))
    .map((names): FleetObservation => ({ ...aFleet(members), failingWrites: new Map(names.map((name) => [name, FAILING])) })),
);
const FAILING: FailingWrite = { message: 'denied', until: NOW + MINUTE };

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

describe('planFleet over any fleet', () => {
  test('never makes two changes for a node, and has exactly one entry for every managed node', () => {
    fc.assert(
      fc.property(observed, policy, (observation, rules) => {
        const plan = planFleet(observation, rules, NOW);
        const entries = [...plan.changes, ...plan.holds].map(({ node }) => node);
        expect(new Set(entries).size).toBe(entries.length);
        expect(observation.nodes.filter(({ managed, name }) => managed && !entries.includes(name))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('changes no shadow that cannot be written, and assigns no more slots than there are', () => {
    fc.assert(
      fc.property(observed, policy, (observation, rules) => {
        const { changes, budget } = planFleet(observation, rules, NOW);
        expect(changes.filter(({ shadow }) => observation.failingWrites?.has(shadow))).toEqual([]);
        const taken = planFleet(observation, { ...rules, window: CLOSED }, NOW).budget.slots.length;
        if (rules.maxConcurrentUpdates !== 'unlimited')
          expect(budget.slots.length).toBeLessThanOrEqual(Math.max(taken, rules.maxConcurrentUpdates));
      }),
      { numRuns: 500 },
    );
  });

  // Called off in one plan, deleted in the next: in between the agent may see that it is to stop.
  test('has nothing more to change once its changes are made, but to delete what was canceled', () => {
    fc.assert(
      fc.property(observed, policy, (observation, rules) => {
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

/** Makes the changes of a plan, before any agent has reacted. */
function advance(hosts: readonly HostState[], rules: FleetPolicy, now: number, others: readonly Member[] = []): void {
  const observation = aFleet([...hosts.map(({ member }) => member), ...others]);
  const { shadows } = applied(observation, planFleet(observation, rules, now));
  for (const host of hosts) {
    const shadow = shadows.find(({ metadata }) => metadata.name === `brs-${host.member.node.name}`);
    host.member = { ...host.member, ...(shadow === undefined ? {} : { shadow }) };
  }
}

const hostsOf = (changes: readonly MemberChanges[]): HostState[] =>
  changes.map((change, at) => ({ member: aMember(`n${String(at)}`, change), dead: false }));

/** Whether the node takes pods, and no agent that is about to drain it has been let to. */
function serves({ member: { node, shadow } }: HostState): boolean {
  const mayDrain = shadow?.spec.state === 'RebootedIntoUpdate' && shadow.status?.current_state !== 'RebootedIntoUpdate';
  return node.ready && !node.unschedulable && !mayDrain;
}

describe('planFleet over histories', () => {
  test('never has more nodes unavailable, or being updated, than it may', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.record({ host: fc.nat(5), event: fc.nat(20), minutes: fc.nat(15) }), { maxLength: 150 }),
        (limit, history) => {
          const hosts = hostsOf(Array.from({ length: 6 }, () => ({})));
          let now = NOW;
          for (const { host, event, minutes } of history) {
            now += minutes * MINUTE;
            const alive = hosts[host];
            if (alive !== undefined) live(alive, event);
            advance(hosts, aPolicy({ maxConcurrentUpdates: limit }), now);
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

  test('keeps one node in service that takes the pods of the others, with any limit and any failures', () => {
    fc.assert(
      fc.property(
        limits,
        fc.array(fc.boolean(), { minLength: 2, maxLength: 5 }),
        fc.array(fc.record({ host: fc.nat(4), event: fc.nat(20) }), { maxLength: 100 }),
        (maxConcurrentUpdates, taints, history) => {
          const hosts = hostsOf(taints.map((tainted) => ({ tainted })));
          const open = hosts.filter(({ member }) => !member.node.tainted);
          for (const { host, event } of history) {
            const alive = hosts[host];
            if (alive !== undefined) live(alive, event);
            advance(hosts, aPolicy({ maxConcurrentUpdates }), NOW);
            expect(hosts.some(serves)).toBe(true);
            if (open.length > 1) expect(open.some(serves)).toBe(true);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a fleet whose nodes all work is all updated', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), limits, (size, maxConcurrentUpdates) => {
        const hosts = hostsOf(Array.from({ length: size }, () => ({})));
        for (let round = 0; round < size * 12; round++) {
          for (const host of hosts) live(host, 4);
          advance(hosts, aPolicy({ maxConcurrentUpdates }), NOW);
        }
        expect(hosts.map(({ member }) => member.shadow?.status?.current_version)).toEqual(hosts.map(() => '1.1.0'));
      }),
      { numRuns: 50 },
    );
  });

  test('nodes that work are updated, whichever others are lost in their updates, out of service or tainted', () => {
    const bystanders: readonly Member[] = [
      aMember('x', { managed: false, shadow: null, ready: false }),
      aMember('y', { managed: false, shadow: null, unschedulable: true }),
      aMember('z', { managed: false, shadow: null, tainted: true }),
    ];
    const kind = fc.record({ tainted: fc.boolean(), isDoomed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(kind, { minLength: 1, maxLength: 6 }), fc.subarray([...bystanders]), (kinds, others) => {
        const hosts = hostsOf(kinds.map(({ tainted }) => ({ tainted })));
        for (let round = 0; round < 60; round++) {
          hosts.forEach((host, at) => {
            live(host, 4);
            host.dead ||= kinds[at]?.isDoomed === true && host.member.node.cordonedByUs;
          });
          advance(hosts, aPolicy({ maxConcurrentUpdates: 'unlimited' }), NOW + round * MINUTE, others);
        }
        const works = hosts.filter((_, at) => kinds[at]?.isDoomed === false);
        expect(works.map(({ member }) => member.shadow?.status?.current_version)).toEqual(works.map(() => '1.1.0'));
      }),
      { numRuns: 200 },
    );
  });
});
