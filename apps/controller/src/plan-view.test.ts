import type { BottlerocketShadow } from '@brupop/crd-models';
import type { FleetObservation, FleetPlan } from '@brupop/state-machine';
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { FleetSnapshot } from './fleet-snapshot.ts';
import { PLAN_SCHEMA } from './plan-schema.ts';
import { planView } from './plan-view.ts';
import type { PlanViewer } from './plan-view.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const HOUR = 3_600_000;
const shadow: BottlerocketShadow = {
  apiVersion: 'brupop.bottlerocket.aws/v2',
  kind: 'BottlerocketShadow',
  metadata: { name: 'brs-a', ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'a', uid: 'u' }] },
  spec: { state: 'Idle' },
  status: { current_version: '1.0.0', target_version: '1.1.0', current_state: 'Idle', crash_count: 0 },
};
const observation: FleetObservation = { nodes: [], shadows: [shadow], agents: new Map() };
const nothing: FleetPlan = {
  changes: [],
  holds: [],
  window: { open: true },
  budget: { maxConcurrentUpdates: 'unlimited', slots: [], maxUnavailable: undefined, unavailable: [] },
  recheckAt: undefined,
};
const aSnapshot = (plan: Partial<FleetPlan> = {}, estimate: Partial<FleetSnapshot['estimate']> = {}): FleetSnapshot => ({
  at: NOW,
  observation,
  plan: { ...nothing, ...plan },
  estimate: { byNode: new Map(), finishesAt: undefined, unknown: 0, ...estimate },
});
const follower: PlanViewer = { leader: false, leaderIdentity: undefined, synced: false, durations: {} };
const leader: PlanViewer = { leader: true, leaderIdentity: 'pod-1', synced: true, durations: { stage: 12_345, reboot: 60_000 } };

const full = aSnapshot(
  {
    changes: [
      {
        kind: 'spec',
        node: 'a',
        shadow: 'brs-a',
        resourceVersion: '7',
        reason: 'UpdateStarted',
        message: 'Starting the update from 1.0.0 to 1.1.0',
        spec: { state: 'StagedAndPerformedUpdate', version: '1.1.0' },
      },
    ],
    holds: [
      { node: 'b', reason: 'CrashBackoff', message: 'Backing off', until: NOW + HOUR },
      { node: 'c', reason: 'NoShadow', message: 'Waiting for the agent to register the node', until: Infinity, since: NOW - HOUR },
    ],
    window: { open: false, opensAt: NOW + HOUR },
    budget: { maxConcurrentUpdates: 2, slots: ['a'], maxUnavailable: 3, unavailable: ['c'] },
    recheckAt: NOW + HOUR,
  },
  { byNode: new Map([['a', NOW + HOUR]]), finishesAt: NOW + HOUR, unknown: 2 },
);

describe(planView, () => {
  test('shows every field of a full plan', () => {
    expect(planView(full, leader)).toEqual({
      at: '2026-01-05T12:00:00.000Z',
      leader: true,
      leaderIdentity: 'pod-1',
      synced: true,
      window: { open: false, opensAt: '2026-01-05T13:00:00.000Z', closesAt: null },
      budget: { maxConcurrentUpdates: 2, used: 1, usedBy: ['a'], maxUnavailable: 3, unavailable: 1, unavailableNodes: ['c'] },
      estimate: { finishesAt: '2026-01-05T13:00:00.000Z', unknown: 2, phaseSeconds: { stage: 12.3, reboot: 60 } },
      counts: { UpdateStarted: 1, CrashBackoff: 1, NoShadow: 1 },
      nodes: [
        {
          node: 'a',
          next: 'step',
          reason: 'UpdateStarted',
          message: 'Starting the update from 1.0.0 to 1.1.0',
          state: 'Idle',
          version: '1.0.0',
          targetVersion: '1.1.0',
          estimatedAt: '2026-01-05T13:00:00.000Z',
        },
        { node: 'b', next: 'wait', reason: 'CrashBackoff', message: 'Backing off', until: '2026-01-05T13:00:00.000Z' },
        {
          node: 'c',
          next: 'wait',
          reason: 'NoShadow',
          message: 'Waiting for the agent to register the node',
          since: '2026-01-05T11:00:00.000Z',
        },
      ],
      recheckAt: '2026-01-05T13:00:00.000Z',
    });
  });

  test('shows null where there is no value', () => {
    expect(planView(aSnapshot(), follower)).toMatchObject({
      leader: false,
      leaderIdentity: null,
      synced: false,
      window: { open: true, opensAt: null, closesAt: null },
      budget: { maxConcurrentUpdates: 'unlimited', maxUnavailable: null },
      estimate: { finishesAt: null, unknown: 0, phaseSeconds: {} },
      nodes: [],
      recheckAt: null,
    });
  });

  test('counts all nodes even if only some are selected', () => {
    const view = planView(full, leader, ({ node }) => node === 'b');
    expect([Object.keys(view.counts).length, view.nodes.map(({ node }) => node)]).toEqual([3, ['b']]);
  });
});

describe('PLAN_SCHEMA', () => {
  const ajv = new Ajv2020({ strict: true, allErrors: true, formats: { 'date-time': /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ } });
  const validate = ajv.compile(PLAN_SCHEMA);
  const problems = (view: unknown): unknown => (validate(view) ? [] : validate.errors);

  test.each([
    { name: 'everything', view: planView(full, leader) },
    { name: 'nothing', view: planView(aSnapshot(), follower) },
  ])('accepts a view with $name', ({ view }) => {
    expect(problems(JSON.parse(JSON.stringify(view)))).toEqual([]);
  });

  test.each([
    { name: 'an unknown reason', change: { nodes: [{ node: 'a', next: 'wait', reason: 'Whim', message: 'm' }] } },
    { name: 'an invalid time', change: { at: 'now' } },
    { name: 'a missing field', change: { budget: {} } },
  ])('rejects $name', ({ change }) => {
    expect(problems({ ...planView(full, leader), ...change })).not.toEqual([]);
  });

  test('describes every field of a view', () => {
    const view = planView(full, leader);
    const { properties } = PLAN_SCHEMA as { properties: Record<string, { properties?: object; items?: { properties?: object } }> };
    expect(Object.keys(properties)).toEqual(Object.keys(view));
    for (const part of ['window', 'budget', 'estimate'] as const)
      expect(Object.keys(properties[part]?.properties ?? {})).toEqual(Object.keys(view[part]));
    const fields = new Set(view.nodes.flatMap((node) => Object.keys(node)));
    expect(Object.keys(properties['nodes']?.items?.properties ?? {}).sort()).toEqual([...fields].sort());
  });
});
