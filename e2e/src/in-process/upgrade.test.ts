import { DEFAULT_NAMESPACE, shadowName } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { aFleet } from './a-fleet.ts';
import { NEW, OLD } from '../fleet/versions.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const V2_STATES = ['Idle', 'StagedAndPerformedUpdate', 'RebootedIntoUpdate', 'MonitoringUpdate', 'ErrorReset'];
const V1_STATES = ['Idle', 'StagedUpdate', 'PerformedUpdate', 'RebootedIntoUpdate', 'MonitoringUpdate'];

/** The state of a host when the operator was replaced. */
const HOSTS = ['untouched', 'ready to boot', 'booted'] as const;

/** What the previous operator has left on one node. */
interface Relic {
  readonly version: 'v1' | 'v2';
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>> | null;
  readonly host: (typeof HOSTS)[number];
  /** Brupop 1.x cordons without an annotation. */
  readonly cordoned?: boolean;
}

async function call(fleet: Fleet, method: 'POST' | 'PATCH', path: string, body: object): Promise<void> {
  const headers = {
    authorization: `Bearer ${fleet.api.adminToken}`,
    'content-type': method === 'POST' ? 'application/json' : 'application/merge-patch+json',
  };
  const response = await fleet.api.handle({ method, path, headers, body: JSON.stringify(body) }, AbortSignal.timeout(10_000));
  if (response.status >= 300) throw new Error(`${path}: ${String(response.status)} ${await response.text()}`);
}

/** A fleet as Brupop 1.x left it, into which ours is then installed. */
async function anUpgradedFleet(relics: readonly Relic[]): Promise<Fleet> {
  const fleet = aFleet({
    nodes: relics.length,
    webReplicas: 0,
    installed: false,
    policy: { maxConcurrentUpdates: 'unlimited' },
    // Little happens between the relevant moments.
    clusterTimings: { readinessPeriodMs: 5_000, heartbeatMs: 20_000, nodeGraceMs: 80_000 },
    node: (at) => ({ version: relics[at]?.host === 'booted' ? NEW : OLD }),
  });
  const isUp = (): boolean => fleet.names.length === relics.length && fleet.names.every((name) => fleet.node(name).ready);
  if (!(await fleet.until(isUp, HOUR))) throw new Error('the nodes did not come up');
  let staging = relics.filter(({ host }) => host === 'ready to boot').length;
  for (const [at, relic] of relics.entries()) {
    const node = fleet.names[at] ?? '';
    if (relic.host === 'ready to boot')
      void fleet.cluster
        .host(node)
        .admin.apply()
        .then(() => staging--);
    if (relic.cordoned === true) fleet.cluster.store.patch('Node', { name: node }, { spec: { unschedulable: true } });
    const uid = fleet.cluster.nodes.find(({ metadata }) => metadata.name === node)?.metadata.uid;
    const path = `/apis/brupop.bottlerocket.aws/${relic.version}/namespaces/${DEFAULT_NAMESPACE}/bottlerocketshadows`;
    await call(fleet, 'POST', path, {
      apiVersion: `brupop.bottlerocket.aws/${relic.version}`,
      kind: 'BottlerocketShadow',
      metadata: { name: shadowName(node), ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node, uid }] },
      spec: relic.spec,
    });
    if (relic.status !== undefined) await call(fleet, 'PATCH', `${path}/${shadowName(node)}/status`, { status: relic.status });
  }
  if (!(await fleet.until(() => staging === 0, HOUR))) throw new Error('the hosts were not made ready');
  fleet.install();
  return fleet;
}

/** The final state of the nodes that are not done. */
const unfinished = (fleet: Fleet): unknown[] =>
  fleet.names
    .filter((name) => !fleet.isDone(name))
    .map((name) => ({ name, node: fleet.node(name), spec: fleet.shadow(name)?.spec, status: fleet.shadow(name)?.status }));

/** A timestamp as Brupop 1.x writes it. */
const THEIR_TIME = '2026-01-04T23:58:00.123456789+00:00';

/** Every desired state with every reported state, on hosts of every kind. */
function relics(version: 'v1' | 'v2', states: readonly string[]): Relic[] {
  const cordonedStates = ['RebootedIntoUpdate', 'ErrorReset'];
  const pairs = states.flatMap((desired) => states.map((reported) => ({ desired, reported })));
  return pairs.map(({ desired, reported }, at) => {
    const host = HOSTS[at % HOSTS.length] ?? 'untouched';
    const asked = desired === 'Idle' ? {} : { version: NEW, state_transition_timestamp: THEIR_TIME };
    const current_version = host === 'booted' ? NEW : OLD;
    return {
      version,
      host,
      spec: { state: desired, ...asked },
      status: { current_version, target_version: NEW, current_state: reported, ...(version === 'v1' ? {} : { crash_count: 0 }) },
      cordoned: desired === 'RebootedIntoUpdate' || cordonedStates.includes(reported),
    };
  });
}

/** Each stage of an update with shadows of our agents: Brupop 1.x leaves what they reported of their boot unchanged. */
function relicsOfReturn(): Relic[] {
  const stages: readonly (readonly [desired: string, reported: string, host: Relic['host'], cordoned?: boolean])[] = [
    ['Idle', 'Idle', 'untouched'],
    ['StagedAndPerformedUpdate', 'Idle', 'untouched'],
    ['StagedAndPerformedUpdate', 'StagedAndPerformedUpdate', 'ready to boot'],
    ['StagedAndPerformedUpdate', 'ErrorReset', 'untouched'],
    ['RebootedIntoUpdate', 'StagedAndPerformedUpdate', 'ready to boot'],
    ['RebootedIntoUpdate', 'StagedAndPerformedUpdate', 'ready to boot', true],
    ['RebootedIntoUpdate', 'StagedAndPerformedUpdate', 'booted', true],
    ['RebootedIntoUpdate', 'ErrorReset', 'ready to boot', true],
    ['RebootedIntoUpdate', 'RebootedIntoUpdate', 'booted'],
    ['MonitoringUpdate', 'RebootedIntoUpdate', 'booted'],
    ['MonitoringUpdate', 'MonitoringUpdate', 'booted'],
    ['Idle', 'MonitoringUpdate', 'booted'],
    ['Idle', 'ErrorReset', 'ready to boot', true],
  ];
  return stages.map(([state, current_state, host, cordoned = false]) => ({
    version: 'v2',
    host,
    cordoned,
    spec: { state, version: NEW, state_transition_timestamp: THEIR_TIME },
    status: {
      current_version: host === 'booted' ? NEW : OLD,
      target_version: NEW,
      current_state,
      boot_id: 'an earlier one',
      ...(current_state === 'ErrorReset' ? { crash_count: 1, state_transition_failure_timestamp: THEIR_TIME } : { crash_count: 0 }),
    },
  }));
}

describe('shadows of Brupop 1.x', () => {
  test.each([
    { version: 'v2', states: V2_STATES },
    { version: 'v1', states: V1_STATES },
  ] as const)('of $version in every pair of states: every node ends up new, in service and idle', async ({ version, states }) => {
    const fleet = await anUpgradedFleet(relics(version, states));
    await fleet.until(() => unfinished(fleet).length === 0, HOUR);
    expect(unfinished(fleet)).toEqual([]);
  });

  test('with earlier reports of our agents: every node ends up new, in service and idle, and no version is blamed', async () => {
    const fleet = await anUpgradedFleet(relicsOfReturn());
    const blamed = new Set<string>();
    fleet.onShadow(({ metadata, status }) => {
      if ((status?.failed_versions ?? []).length > 0) blamed.add(metadata.name);
    });
    await fleet.until(() => unfinished(fleet).length === 0, HOUR);
    expect([unfinished(fleet), [...blamed]]).toEqual([[], []]);
  });

  test('on nodes that Brupop 1.x has all cordoned in mid-update do not keep the operator from running', async () => {
    const relic = (host: Relic['host'], current_state: string, state = 'RebootedIntoUpdate'): Relic => ({
      version: 'v2',
      host,
      cordoned: true,
      spec: { state, version: state === 'Idle' ? null : NEW },
      status: { current_version: host === 'booted' ? NEW : OLD, target_version: NEW, current_state, crash_count: 0 },
    });
    const fleet = await anUpgradedFleet([
      relic('ready to boot', 'StagedAndPerformedUpdate'),
      relic('booted', 'StagedAndPerformedUpdate'),
      relic('untouched', 'ErrorReset', 'Idle'),
    ]);
    await fleet.until(() => unfinished(fleet).length === 0, HOUR);
    expect(unfinished(fleet)).toEqual([]);
  });

  const idle = { current_version: OLD, target_version: NEW, current_state: 'Idle', crash_count: 0 };
  const nonsense: { name: string; relic: Partial<Relic> }[] = [
    { name: 'no status', relic: {} },
    { name: 'a status of null', relic: { status: null } },
    { name: 'a state without a version', relic: { spec: { state: 'RebootedIntoUpdate' }, status: idle } },
    { name: 'ErrorReset asked for', relic: { spec: { state: 'ErrorReset' }, status: idle } },
    {
      name: 'invalid times',
      relic: {
        spec: { state: 'StagedAndPerformedUpdate', version: NEW, state_transition_timestamp: 'yesterday' },
        status: { ...idle, state_transition_failure_timestamp: 'soon', crash_count: 3 },
      },
    },
    {
      name: 'times of another age',
      relic: {
        spec: { state: 'RebootedIntoUpdate', version: NEW, state_transition_timestamp: '9999-12-31T23:59:59Z' },
        status: { ...idle, state_transition_failure_timestamp: '0001-01-01T00:00:00Z', crash_count: 2 },
      },
    },
    {
      name: 'an enormous crash count',
      relic: { status: { ...idle, crash_count: 4_294_967_295, state_transition_failure_timestamp: '2020-01-01T00:00:00Z' } },
    },
    {
      name: 'a version that is not available',
      relic: { spec: { state: 'StagedAndPerformedUpdate', version: '99.0.0' }, status: idle },
    },
    { name: 'the running version', relic: { spec: { state: 'RebootedIntoUpdate', version: OLD }, status: idle } },
    {
      name: 'a progress of another host',
      relic: {
        spec: { state: 'RebootedIntoUpdate', version: NEW },
        status: { ...idle, progress: { step: 'Rebooting', since: '2026-01-04T00:00:00Z', boot_id: 'made up', version: NEW } },
        host: 'ready to boot',
      },
    },
    {
      name: 'a progress towards another version',
      relic: { status: { ...idle, progress: { step: 'Draining', since: '2026-01-04T00:00:00Z', boot_id: 'x', version: '9.9.9' } } },
    },
  ];
  test('edited by hand into nonsense do not block the update of their nodes, or of any other', async () => {
    const fleet = await anUpgradedFleet(
      nonsense.map(({ relic }) => ({ version: 'v2', host: 'untouched', spec: { state: 'Idle' }, ...relic })),
    );
    await fleet.until(() => unfinished(fleet).length === 0, 6 * HOUR);
    expect(unfinished(fleet)).toEqual([]);
    expect([...fleet.runner.controllers]).toHaveLength(1);
  });
});
