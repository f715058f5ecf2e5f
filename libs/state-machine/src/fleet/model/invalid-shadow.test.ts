import { soundShadow } from '@brupop/crd-models';
import type { BottlerocketShadow } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decideRestore } from '../../node/decide-restore.ts';
import { conditionsDue } from '../report/conditions-due.ts';
import { drainBlockedBy } from '../rules/drain-blocked.ts';
import { estimateFleet } from '../report/estimate.ts';
import { failureOf } from './failures.ts';
import { aFleet, aMember, aPolicy, ago, aShadow, lines, MINUTE, NOW } from './fleet.fixture.ts';
import type { Member, MemberChanges } from './fleet.fixture.ts';
import { followReports } from '../rules/overdue-checks.ts';
import { phaseAt, phaseEnded } from './phases.ts';
import { planFleet } from '../plan-fleet.ts';
import { shadowConditions } from '../report/shadow-conditions.ts';

/** A member whose stored shadow has these parts in place of legal ones. */
function bad(parts: object, changes: MemberChanges = {}): Member {
  const legal = aShadow('bad', changes.spec, changes.status);
  return aMember('bad', { ...changes, shadow: soundShadow({ ...legal, ...parts }) });
}

const OTHERS = ['a', 'b', 'c'].map((name) => aMember(name));
const STATUS = { ...aShadow('bad').status, failed_versions: 5 };
const STAGED = { state: 'StagedAndPerformedUpdate', version: '1.1.0', state_transition_timestamp: ago(1) } as const;
const REBOOTED = { ...STAGED, state: 'RebootedIntoUpdate' } as const;

describe('planFleet with an invalid shadow', () => {
  test.each<{ name: string; member: Member; expected: string[] }>([
    {
      name: 'keeps its node waiting and starts another',
      member: bad({ status: STATUS }),
      expected: ['a→StagedAndPerformedUpdate UpdateStarted', 'bad: InvalidShadow'],
    },
    {
      name: 'the same if the spec is null',
      member: bad({ spec: null, status: null }),
      expected: ['a→StagedAndPerformedUpdate UpdateStarted', 'bad: InvalidShadow'],
    },
    {
      name: 'keeps the slot of a node that is to update',
      member: bad({ status: STATUS }, { spec: STAGED }),
      expected: ['bad: InvalidShadow', 'a: NoFreeSlot'],
    },
    {
      name: 'releases it once the step is past its deadline, if the node is available',
      member: bad({ status: STATUS }, { spec: { ...REBOOTED, state_transition_timestamp: ago(600) } }),
      expected: ['a→StagedAndPerformedUpdate UpdateStarted', 'bad: InvalidShadow'],
    },
    {
      name: 'keeps it past the deadline as long as the node is not available',
      member: bad({ status: STATUS }, { spec: { ...REBOOTED, state_transition_timestamp: ago(600) }, ready: false }),
      expected: ['bad: InvalidShadow', 'a: NoFreeSlot'],
    },
    {
      name: 'keeps the slot of a node that the operator has cordoned',
      member: bad({ status: STATUS }, { unschedulable: true, cordonedByUs: true }),
      expected: ['bad: InvalidShadow', 'a: NoFreeSlot'],
    },
    {
      name: 'keeps a slot for a node that is not Ready, if the spec does not say whether an update is the cause',
      member: bad({ spec: 5, status: null }, { ready: false }),
      expected: ['bad: InvalidShadow', 'a: NoFreeSlot'],
    },
    {
      name: 'the same for a cordoned node',
      member: bad({ spec: 5, status: null }, { unschedulable: true }),
      expected: ['bad: InvalidShadow', 'a: NoFreeSlot'],
    },
    {
      name: 'keeps no slot for a node that an administrator has cordoned and that is to do nothing',
      member: bad({ status: STATUS }, { unschedulable: true }),
      expected: ['a→StagedAndPerformedUpdate UpdateStarted', 'bad: InvalidShadow'],
    },
  ])('$name', ({ member, expected }) => {
    expect(lines(planFleet(aFleet([...OTHERS.slice(0, 1), member]), aPolicy(), NOW))).toEqual(expected);
  });

  test('names the invalid field, what it should contain and what it contains', () => {
    const { holds } = planFleet(aFleet([bad({ status: STATUS })]), aPolicy(), NOW);
    expect(holds).toEqual([
      { node: 'bad', reason: 'InvalidShadow', message: 'The shadow is invalid: status.failed_versions: expected array, got 5' },
    ]);
  });

  test('wants no conditions on it, which the API server would refuse', () => {
    const { shadow } = bad({ spec: null });
    expect(shadow && conditionsDue(shadow, { node: 'bad', reason: 'InvalidShadow', message: '' })).toBe('none');
  });

  test('a node whose Node object is invalid is not Ready, and the plan says so', () => {
    const { holds } = planFleet(aFleet([aMember('a', { ready: false, fault: 'spec.taints: expected array, got 5' })]), aPolicy(), NOW);
    expect(holds).toEqual([{ node: 'a', reason: 'NodeNotReady', message: 'The Node is invalid: spec.taints: expected array, got 5' }]);
  });

  test('a node that an update left cordoned is not restored while its desired state is unknown', () => {
    const owned = { managed: true, ready: true, bootId: 'b', hasAgent: true, shadow: bad({ spec: null }).shadow };
    expect(decideRestore(owned)).toMatchObject({ kind: 'leave' });
    // Without an agent only the reboot that it may have asked for is waited for.
    expect(decideRestore({ ...owned, managed: false, hasAgent: false })).toMatchObject({ kind: 'restore', afterMs: 10 * MINUTE });
  });
});

const FIELDS = [
  'failed_versions',
  'conditions',
  'progress',
  'update_check',
  'crash_count',
  'current_state',
  'current_version',
  'target_version',
  'failure_message',
  'state_transition_failure_timestamp',
] as const;
const anything = fc.jsonValue({ maxDepth: 3 });
const items = fc.oneof(anything, fc.array(anything, { maxLength: 3 }));
const oneField = fc
  .tuple(fc.constantFrom(...FIELDS), items)
  .map(([name, value]) => ({ status: { ...aShadow('bad').status, [name]: value } }));
const parts = fc.oneof(
  oneField,
  fc.record({ spec: anything, status: anything }, { requiredKeys: [] }),
  fc.record({ state: items, version: items, state_transition_timestamp: items }).map((spec) => ({ spec })),
  fc.record({ annotations: items, ownerReferences: items }).map((metadata) => ({ metadata: { ...aShadow('bad').metadata, ...metadata } })),
);
const specOf = fc.constantFrom<MemberChanges['spec']>({}, STAGED, REBOOTED);

describe('a shadow with any JSON in it', () => {
  test('makes nothing throw, and changes nothing for any other node but the budget', () => {
    const rules = aPolicy({ maxConcurrentUpdates: 'unlimited' });
    const busy = aMember('d', { spec: STAGED, status: { current_state: 'StagedAndPerformedUpdate' } });
    const members = [...OTHERS, busy];
    const usual = lines(planFleet(aFleet(members), rules, NOW)).toSorted();
    fc.assert(
      fc.property(parts, specOf, fc.boolean(), (illegal, spec, ready) => {
        const member = bad(illegal, { ready, ...(spec === undefined ? {} : { spec }) });
        const observation = aFleet([member, ...members]);
        const plan = planFleet(observation, rules, NOW);
        expect(
          lines(plan)
            .filter((line) => !line.startsWith('bad'))
            .toSorted(),
        ).toEqual(usual);
        expect([...plan.changes, ...plan.holds].filter(({ node }) => node === 'bad')).toHaveLength(1);
        lookAtEverything(observation.shadows[0], observation, plan);
      }),
      { numRuns: 300 },
    );
  });
});

/** Calls whatever else reads a shadow. */
function lookAtEverything(
  shadow: BottlerocketShadow | undefined,
  observation: ReturnType<typeof aFleet>,
  plan: ReturnType<typeof planFleet>,
): void {
  if (shadow === undefined) return;
  for (const hold of plan.holds) {
    shadowConditions(shadow, hold, NOW);
    conditionsDue(shadow, hold);
  }
  for (const change of plan.changes) failureOf(change, shadow, NOW);
  const durations = { stage: MINUTE, reboot: MINUTE, monitor: MINUTE };
  estimateFleet(plan, observation.shadows, { kind: 'always' }, durations, NOW);
  phaseAt(shadow, NOW);
  phaseEnded({ phase: 'return', since: NOW }, shadow, NOW);
  drainBlockedBy(shadow);
  followReports(new Map(), observation.shadows, { steady: 0, wall: NOW });
  decideRestore({ managed: true, ready: true, bootId: 'b', hasAgent: false, shadow });
}
