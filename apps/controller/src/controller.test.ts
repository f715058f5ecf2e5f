import { AGENT_COMPONENT, bottlerocketShadowCrd, COMPONENT_LABEL, GROUP, PLURAL, UPDATER_INTERFACE_LABEL } from '@brupop/crd-models';
import type { BottlerocketShadow, ShadowState, ShadowStatus } from '@brupop/crd-models';
import { createKubeClient } from '@brupop/kube-runtime';
import { inProcessClient, jsonResponse, seededRandom, sleep, VirtualClock } from '@brupop/ports';
import { memoryLogger } from '@brupop/process';
import { SimulatedApi } from '@brupop/simulator';
import { DEFAULT_TIMEOUTS } from '@brupop/state-machine';
import type { FleetPolicy } from '@brupop/state-machine';
import { afterEach, describe, expect, test } from '@jest/globals';
import inject from 'light-my-request';
import type { Controller } from './controller.ts';
import { createController } from './controller.ts';

const NAMESPACE = 'brupop-bottlerocket-aws';
const MINUTE = 60_000;
const SHADOWS = { group: GROUP, resource: PLURAL, namespace: NAMESPACE };
/** The part of an Event, as it is stored, that the tests read. */
interface StoredEvent {
  readonly reason: string;
  readonly involvedObject: { readonly name: string };
}
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A cluster with the given nodes, each with a Ready agent and a shadow that wants an update. */
function aCluster(names: readonly string[]) {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const api = new SimulatedApi({ clock, random });
  const since = new Date(clock.now()).toISOString();
  const ready = { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: since }] };
  api.store.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  api.store.create({ ...bottlerocketShadowCrd({ namespace: NAMESPACE, servicePort: 443 }) });
  for (const name of names) {
    const { uid } = api.store.create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { [UPDATER_INTERFACE_LABEL]: '2.0.0' } },
      status: ready,
    }).metadata;
    api.store.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `agent-${name}`, namespace: NAMESPACE, labels: { [COMPONENT_LABEL]: AGENT_COMPONENT } },
      spec: { nodeName: name, containers: [{ name: 'brupop', image: 'brupop' }] },
      status: ready,
    });
    api.store.create({
      apiVersion: `${GROUP}/v2`,
      kind: 'BottlerocketShadow',
      metadata: { name: `brs-${name}`, namespace: NAMESPACE, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] },
      spec: { state: 'Idle' },
      status: { current_version: '1.0.0', target_version: '1.1.0', current_state: 'Idle', crash_count: 0 },
    });
  }
  const shadow = (name: string): BottlerocketShadow | undefined => api.store.get<BottlerocketShadow>({ ...SHADOWS, name: `brs-${name}` });
  return {
    clock,
    api,
    log: memoryLogger(),
    shadow,
    /** What every node was told. */
    told: () => names.map((name) => shadow(name)?.spec.state),
    report: (name: string, status: Partial<ShadowStatus>) => api.store.patch({ ...SHADOWS, name: `brs-${name}` }, { status }),
    events: () =>
      api.store
        .list<StoredEvent>({ group: 'events.k8s.io', resource: 'events' })
        .map(({ reason, involvedObject }) => `${involvedObject.name} ${reason}`),
  };
}
type Cluster = ReturnType<typeof aCluster>;

function start(
  { api, clock, log }: Cluster,
  identity = 'one',
  changes: Partial<FleetPolicy> = {},
): { controller: Controller; stop: () => Promise<void> } {
  const inner = inProcessClient(api.handle);
  const controller = createController({
    client: createKubeClient({
      clock,
      http: {
        request: (r, signal) => inner.request({ ...r, headers: { ...r.headers, authorization: `Bearer ${api.adminToken}` } }, signal),
      },
    }),
    clock,
    random: seededRandom(2),
    log,
    policy: { maxConcurrentUpdates: 1, window: { kind: 'always' }, timeouts: DEFAULT_TIMEOUTS, soakMs: 0, ...changes },
    namespace: NAMESPACE,
    nodeName: 'a',
    identity,
  });
  const abort = new AbortController();
  const running = controller.run(abort.signal);
  const stop = async (): Promise<void> => {
    abort.abort(new Error('stopping'));
    await clock.advance(10_000);
    await running;
  };
  stops.push(stop);
  return { controller, stop };
}

describe(createController, () => {
  test("takes one node after the other through its update, the leader's own last", async () => {
    const cluster = aCluster(['a', 'b']);
    start(cluster);
    await cluster.clock.advance(5_000);
    expect(cluster.told()).toEqual(['Idle', 'StagedAndPerformedUpdate']);
    for (const name of ['b', 'a']) {
      for (const state of ['StagedAndPerformedUpdate', 'RebootedIntoUpdate', 'MonitoringUpdate', 'Idle'] as const) {
        expect(cluster.shadow(name)?.spec.state).toBe(state);
        cluster.report(name, { current_state: state, current_version: state === 'StagedAndPerformedUpdate' ? '1.0.0' : '1.1.0' });
        await cluster.clock.advance(2_000);
      }
    }
    expect(cluster.told()).toEqual(['Idle', 'Idle']);
    await cluster.clock.advance(5_000);
    const course = ['UpdateStarted', 'RebootAllowed', 'UpdateFinished'];
    const toldOf = (subject: string): string[] => cluster.events().filter((told) => told.startsWith(`${subject} `));
    for (const name of ['b', 'a']) {
      expect(toldOf(`brs-${name}`)).toEqual(course.map((reason) => `brs-${name} ${reason}`));
      // The Node is told of what disturbs it.
      expect(toldOf(name)).toEqual([`${name} RebootAllowed`]);
    }
  });

  test.each(['was answered', 'was made, and its answer lost'])(
    'counts a write of its own that %s, although the cache does not show it',
    async (how) => {
      const cluster = aCluster(['a', 'b', 'c']);
      const { api, clock } = cluster;
      let patches = 0;
      api.faults.afterRequest = (_request, _identity, { resource, verb, subresource }, response) =>
        how !== 'was answered' && resource === PLURAL && verb === 'patch' && subresource === '' && patches++ === 0
          ? jsonResponse(500, {})
          : response;
      const node = (name: string, patch: object): unknown => api.store.patch({ group: '', resource: 'nodes', name }, patch);
      for (const name of ['a', 'b', 'c']) node(name, { spec: { unschedulable: true } });
      start(cluster);
      await clock.advance(3_000);
      api.faults.beforeRequest = (_request, _identity, { resource, verb }) =>
        resource === PLURAL && (verb === 'list' || verb === 'watch') ? jsonResponse(503, {}) : undefined;
      api.dropWatches();
      await clock.advance(1_000);
      node('b', { spec: { unschedulable: null } });
      await clock.advance(3_000);
      node('b', { status: { conditions: [{ type: 'Ready', status: 'False' }] } });
      node('c', { spec: { unschedulable: null } });
      await clock.advance(10_000);
      expect(cluster.told()).toEqual(['Idle', 'StagedAndPerformedUpdate', 'Idle']);
    },
  );

  test('looks before it goes on when the answer to a write was lost', async () => {
    const cluster = aCluster(['a', 'b', 'c']);
    let lost = 0;
    cluster.api.faults.afterRequest = (_request, _identity, { resource, verb }, response) =>
      resource === PLURAL && verb === 'patch' && lost++ === 0 ? jsonResponse(500, {}) : response;
    const { controller } = start(cluster);
    await cluster.clock.advance(20_000);
    expect(cluster.told().filter((state) => state !== 'Idle')).toHaveLength(1);
    expect(await controller.metrics.render()).toContain('brupop_reconcile_failures_total{queue="fleet"} 1');
    expect(cluster.log.entries.map(({ message }) => message)).toContain('Failed to update a shadow; continuing with the others');
  });

  test('hands over to a follower without letting another node in', async () => {
    const cluster = aCluster(['a', 'b', 'c']);
    const first = start(cluster, 'one');
    await cluster.clock.advance(3_000);
    const second = start(cluster, 'two');
    await cluster.clock.advance(5_000);
    expect([first.controller.isLeader(), second.controller.isLeader()]).toEqual([true, false]);
    const answer = await inject(second.controller.app as never, { method: 'GET', url: '/plan' });
    expect(JSON.parse(answer.payload)).toMatchObject({ leader: false, leaderIdentity: 'one', synced: true });
    await first.stop();
    await cluster.clock.advance(10_000);
    expect(second.controller.isLeader()).toBe(true);
    expect(cluster.told().filter((state) => state !== 'Idle')).toHaveLength(1);
  });

  test('plans nothing as a new leader before it has seen what the old one has written', async () => {
    const cluster = aCluster(['a', 'b', 'c']);
    const { api, clock } = cluster;
    const cordon = (name: string, unschedulable: true | null): unknown =>
      api.store.patch({ group: '', resource: 'nodes', name }, { spec: { unschedulable } });
    for (const name of ['a', 'b', 'c']) cordon(name, true);
    const first = start(cluster, 'one');
    await clock.advance(3_000);
    const second = start(cluster, 'two');
    await clock.advance(3_000);
    api.faults.beforeRequest = (_request, _identity, { resource, verb }) =>
      resource === PLURAL && (verb === 'list' || verb === 'watch') ? jsonResponse(503, {}) : undefined;
    api.dropWatches();
    cordon('b', null);
    await clock.advance(3_000);
    await first.stop();
    cordon('b', true);
    cordon('c', null);
    await clock.advance(30_000);
    expect(second.controller.isLeader()).toBe(true);
    expect(cluster.told()).toEqual(['Idle', 'StagedAndPerformedUpdate', 'Idle']);
    api.faults.beforeRequest = () => undefined;
    cluster.report('b', { current_state: 'StagedAndPerformedUpdate' });
    cordon('b', null);
    await clock.advance(60_000);
    expect(cluster.told()).toEqual(['Idle', 'RebootedIntoUpdate', 'Idle']);
  });

  /** Answers in the API's place whoever would change the spec of this node's shadow; undefined: nobody. */
  const refuseSpec = ({ api }: Cluster, name: string, status: number | undefined): void => {
    api.faults.beforeRequest = ({ path }, _identity, { resource, verb, subresource }) =>
      status !== undefined && resource === PLURAL && verb === 'patch' && subresource === '' && path.endsWith(`/brs-${name}`)
        ? jsonResponse(status, { kind: 'Status', code: status })
        : undefined;
  };

  test.each([
    { name: 'failed', status: 500 },
    { name: 'was refused', status: 403 },
    { name: 'came too late', status: 409 },
  ])('gives no slot away that a write was to free which $name; what takes none goes on', async ({ status }) => {
    const cluster = aCluster(['a', 'b', 'c']);
    start(cluster, 'one', { maxConcurrentUpdates: 2 });
    await cluster.clock.advance(DEFAULT_TIMEOUTS.stagedMs - 2 * MINUTE);
    cluster.report('c', { current_state: 'StagedAndPerformedUpdate' });
    await cluster.clock.advance(MINUTE);
    refuseSpec(cluster, 'b', status);
    await cluster.clock.advance(5 * MINUTE);
    cluster.report('c', { current_state: 'RebootedIntoUpdate', current_version: '1.1.0' });
    await cluster.clock.advance(1_000);
    expect(cluster.told()).toEqual(['Idle', 'StagedAndPerformedUpdate', 'MonitoringUpdate']);
    expect(cluster.events()).not.toContain('brs-b GivenUp');
    refuseSpec(cluster, 'b', undefined);
    await cluster.clock.advance(5 * MINUTE);
    expect(cluster.told()).toEqual(['StagedAndPerformedUpdate', 'Idle', 'MonitoringUpdate']);
    expect(cluster.events()).toContain('brs-b GivenUp');
  });

  test('makes the other changes where one is refused, and says so; to try again would mend nothing', async () => {
    const cluster = aCluster(['a', 'b', 'c']);
    refuseSpec(cluster, 'b', 422);
    const { controller } = start(cluster, 'one', { maxConcurrentUpdates: 'unlimited' });
    await cluster.clock.advance(5_000);
    expect(cluster.told()).toEqual(['StagedAndPerformedUpdate', 'Idle', 'StagedAndPerformedUpdate']);
    expect(cluster.log.entries.map(({ message }) => message)).toContain('Failed to update a shadow; continuing with the others');
    expect(await controller.metrics.render()).toContain('brupop_reconcile_failures_total{queue="fleet"} 0');
  });

  test.each([
    {
      name: 'failed versions that are a number',
      illegal: { status: { failed_versions: 5 } },
      says: 'status.failed_versions: expected array, got 5',
    },
    { name: 'no spec', illegal: { spec: null }, says: 'spec: expected object, got nothing' },
    { name: 'a status that is a text', illegal: { status: 'fine' }, says: 'status: expected object, got "fine"' },
    { name: 'a step that there is not', illegal: { spec: { state: 'Gone' } }, says: 'spec.state: expected "Idle" or' },
  ])('a stored shadow with $name does not stop the update of the others, is not written to, and is named', async ({ illegal, says }) => {
    const cluster = aCluster(['a', 'b', 'c']);
    const { api, clock } = cluster;
    // As with a definition that somebody has edited, which lets anything in.
    const definition = bottlerocketShadowCrd({ namespace: NAMESPACE, servicePort: 443 });
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    const versions = definition.spec.versions.map((version) => ({ ...version, schema }));
    api.store.patch(
      { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions', name: definition.metadata.name },
      { spec: { versions } },
    );
    api.store.patch({ ...SHADOWS, name: 'brs-b' }, illegal);
    const stored = JSON.stringify(cluster.shadow('b'));
    const { controller } = start(cluster, 'one', { maxConcurrentUpdates: 1 });
    await clock.advance(5_000);
    expect(cluster.shadow('c')?.spec.state).toBe('StagedAndPerformedUpdate');
    const answer = await inject(controller.app, '/plan');
    const { nodes } = answer.json<{ nodes: { node: string; reason: string; message: string }[] }>();
    const named = nodes.find(({ node }) => node === 'b');
    expect(named?.reason).toBe('InvalidShadow');
    expect(named?.message).toContain(says);
    expect(await controller.metrics.render()).toContain('brupop_reconcile_failures_total{queue="fleet"} 0');
    await clock.advance(5 * MINUTE);
    expect(cluster.events().filter((told) => told === 'b InvalidShadow')).toEqual(['b InvalidShadow']);
    expect(JSON.stringify(cluster.shadow('b'))).toBe(stored);
  });

  test.each([
    { name: 'is refused', status: 422 },
    { name: 'fails again and again', status: 500 },
  ])('a node whose change $name does not keep the only slot from the others, and is told of', async ({ status }) => {
    const cluster = aCluster(['a', 'b', 'c']);
    refuseSpec(cluster, 'b', status);
    start(cluster, 'one', { maxConcurrentUpdates: 1 });
    await cluster.clock.advance(MINUTE);
    expect(cluster.told()).toEqual(['Idle', 'Idle', 'StagedAndPerformedUpdate']);
    expect(cluster.events()).toContain('b WriteFailing');
    refuseSpec(cluster, 'b', undefined);
    await cluster.clock.advance(MINUTE);
    cluster.report('c', { current_version: '1.1.0', current_state: 'ErrorReset' });
    await cluster.clock.advance(1_000);
    cluster.report('c', { current_state: 'Idle' });
    await cluster.clock.advance(1_000);
    expect(cluster.told()).toEqual(['Idle', 'StagedAndPerformedUpdate', 'Idle']);
  });

  test('where every change is refused, each is tried once a minute', async () => {
    const nodes = ['a', 'b', 'c', 'd', 'e', 'f'];
    const cluster = aCluster(nodes);
    const tried: string[] = [];
    cluster.api.faults.beforeRequest = ({ path }, _identity, { resource, verb, subresource }) => {
      if (resource !== PLURAL || verb !== 'patch' || subresource !== '') return undefined;
      tried.push(path.slice(-1));
      return jsonResponse(403, { kind: 'Status', code: 403 });
    };
    start(cluster, 'one', { maxConcurrentUpdates: 1 });
    await cluster.clock.advance(10 * MINUTE);
    for (const node of nodes) {
      const times = tried.filter((name) => name === node).length;
      expect(times).toBeGreaterThan(1);
      expect(times).toBeLessThanOrEqual(11);
    }
  });

  test('a change that is refused is tried again once a minute, not at once and for ever', async () => {
    const cluster = aCluster(['a', 'b', 'c']);
    let tries = 0;
    cluster.api.faults.beforeRequest = ({ path }, _identity, { resource, verb, subresource }) => {
      if (resource !== PLURAL || verb !== 'patch' || subresource !== '' || !path.endsWith('/brs-b')) return undefined;
      tries++;
      return jsonResponse(403, { kind: 'Status', code: 403 });
    };
    start(cluster, 'one', { maxConcurrentUpdates: 'unlimited' });
    await cluster.clock.advance(10 * MINUTE);
    expect(tries).toBeGreaterThanOrEqual(10);
    expect(tries).toBeLessThanOrEqual(15);
  });

  test('tells of an administrator who has cordoned a node, and goes on with the others', async () => {
    const cluster = aCluster(['a', 'b', 'c']);
    cluster.api.store.patch({ group: '', resource: 'nodes', name: 'b' }, { spec: { unschedulable: true } });
    start(cluster);
    await cluster.clock.advance(10_000);
    expect(cluster.told()).toEqual(['Idle', 'Idle', 'StagedAndPerformedUpdate']);
    expect(cluster.events()).toContain('b CordonedByAdministrator');
  });

  test('writes conditions once for each change, with nothing else, and does not answer its own writes', async () => {
    const cluster = aCluster(['a', 'b']);
    const writes: string[] = [];
    cluster.api.faults.beforeRequest = ({ body }, _identity, { verb, subresource }) => {
      if (verb === 'patch' && subresource === 'status')
        writes.push(Object.keys((JSON.parse(String(body)) as { status: object }).status).join());
      return undefined;
    };
    start(cluster);
    await cluster.clock.advance(60_000);
    expect(writes).toEqual(['conditions', 'conditions']);
    const conditions = (name: string): unknown =>
      Object.fromEntries(cluster.shadow(name)?.status?.conditions?.map(({ type, status }) => [type, status]) ?? []);
    expect(conditions('a')).toEqual({ Updating: 'False', Drained: 'False', Stuck: 'False', Healthy: 'True' });
    expect(conditions('b')).toEqual({ Updating: 'True', Drained: 'False', Stuck: 'False', Healthy: 'True' });
    expect(cluster.shadow('b')?.status).toMatchObject({ current_version: '1.0.0', crash_count: 0 });
  });

  test('what was true for a moment is not worth a write of conditions', async () => {
    const cluster = aCluster(['b']);
    let writes = 0;
    cluster.api.faults.beforeRequest = (_request, _identity, { verb, subresource }) => {
      if (verb === 'patch' && subresource === 'status') writes++;
      return undefined;
    };
    const step = async (current_state: ShadowState): Promise<void> => {
      cluster.report('b', { current_state, current_version: current_state === 'StagedAndPerformedUpdate' ? '1.0.0' : '1.1.0' });
      await cluster.clock.advance(500);
    };
    start(cluster);
    await cluster.clock.advance(500);
    for (const state of ['StagedAndPerformedUpdate', 'RebootedIntoUpdate', 'MonitoringUpdate', 'Idle'] as const) await step(state);
    expect(writes).toBe(0);
    await cluster.clock.advance(5_000);
    expect([writes, cluster.shadow('b')?.status?.conditions?.[0]?.reason]).toEqual([1, 'UpdateCheckUnknown']);
  });

  test('conditions of many that change one after the other are looked at together', async () => {
    const names = Array.from({ length: 60 }, (_, at) => `node-${String(at)}`);
    const cluster = aCluster(names);
    const { controller } = start(cluster);
    const plans = async (): Promise<number> =>
      Number(/reconcile_duration_seconds_count\S* (\d+)/.exec(await controller.metrics.render())?.[1]);
    await cluster.clock.advance(30_000);
    const before = await plans();
    for (const name of names) {
      cluster.report(name, { target_version: '1.2.0' });
      await cluster.clock.advance(200);
    }
    await cluster.clock.advance(10_000);
    expect((await plans()) - before).toBeLessThan(15);
  });

  test('a step does not wait for the conditions of the fleet', async () => {
    const cluster = aCluster(Array.from({ length: 60 }, (_, at) => `node-${String(at)}`));
    let conditions = 0;
    cluster.api.faults.beforeRequest = async ({ body }, _identity, { verb, subresource }) => {
      if (verb !== 'patch' || subresource !== 'status' || !String(body).includes('conditions')) return undefined;
      conditions += 1;
      await sleep(cluster.clock, 100);
      return undefined;
    };
    start(cluster);
    const updating = (): string[] =>
      cluster.told().flatMap((state, at) => (state === 'Idle' ? [] : [`node-${String(at)} ${String(state)}`]));
    expect(await cluster.clock.advanceUntil(() => conditions > 2, 60_000)).toBe(true);
    const [node = ''] = updating()[0]?.split(' ') ?? [];
    cluster.report(node, { current_state: 'StagedAndPerformedUpdate' });
    await cluster.clock.advance(250);
    expect(updating()).toEqual([`${node} RebootedIntoUpdate`]);
    await cluster.clock.advance(60_000);
    expect(conditions).toBeGreaterThanOrEqual(60);
  });

  test('plans once for a report: its own write, seen before or after the answer, asks for nothing', async () => {
    const cluster = aCluster(['b']);
    const { controller } = start(cluster);
    const plans = async (): Promise<number> =>
      Number(/reconcile_duration_seconds_count\S* (\d+)/.exec(await controller.metrics.render())?.[1]);
    await cluster.clock.advance(10_000);
    const before = await plans();
    cluster.report('b', { current_state: 'StagedAndPerformedUpdate' });
    await cluster.clock.advance(400);
    expect([cluster.told(), (await plans()) - before]).toEqual([['RebootedIntoUpdate'], 1]);
  });

  test('looks after what it has told a node though nothing else happens: the conditions, and the deadline', async () => {
    const cluster = aCluster(['b']);
    start(cluster);
    await cluster.clock.advance(10_000);
    expect(cluster.shadow('b')?.status?.conditions?.[0]?.reason).toBe('UpdateInProgress');
    await cluster.clock.advance(DEFAULT_TIMEOUTS.stagedMs);
    expect(cluster.events()).toContain('brs-b GivenUp');
  });

  test('what a report changes is in the conditions by the first plan that looks at it', async () => {
    const cluster = aCluster(['b']);
    const { controller } = start(cluster);
    const plans = async (): Promise<number> =>
      Number(/reconcile_duration_seconds_count\S* (\d+)/.exec(await controller.metrics.render())?.[1]);
    const progress = {
      step: 'Draining',
      since: '2026-01-05T12:00:00Z',
      boot_id: 'b',
      version: '1.1.0',
      reason: 'DisruptionBudget',
    } as const;
    await cluster.clock.advance(5_000);
    cluster.report('b', { current_state: 'StagedAndPerformedUpdate' });
    await cluster.clock.advance(5_000);
    cluster.report('b', { progress: { ...progress, message: 'waiting for web-0' } });
    await cluster.clock.advance(80_000);
    const before = await plans();
    cluster.report('b', { progress: { ...progress, message: 'waiting for web-1' } });
    await cluster.clock.advance(6_000);
    const told = cluster.shadow('b')?.status?.conditions?.find(({ type }) => type === 'Drained')?.message;
    expect([told, (await plans()) - before]).toEqual(['waiting for web-1', 1]);
  });

  test('does not write over a shadow that has changed since the plan', async () => {
    const cluster = aCluster(['a']);
    let met = 0;
    cluster.api.faults.beforeRequest = (_request, _identity, { resource, verb }) => {
      if (resource === PLURAL && verb === 'patch' && met++ === 0) cluster.report('a', { target_version: '1.2.0' });
      return undefined;
    };
    start(cluster);
    await cluster.clock.advance(5_000);
    expect(cluster.shadow('a')?.spec).toMatchObject({ state: 'StagedAndPerformedUpdate', version: '1.2.0' });
    expect(cluster.log.entries.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('tells once, on the node and on its shadow, which budget blocks a drain', async () => {
    const cluster = aCluster(['b']);
    start(cluster);
    await cluster.clock.advance(5_000);
    cluster.report('b', { current_state: 'StagedAndPerformedUpdate' });
    await cluster.clock.advance(5_000);
    const message = 'PodDisruptionBudget default/web allows no disruption of pod default/web-0';
    for (const crash_count of [0, 1]) {
      cluster.report('b', {
        crash_count,
        progress: { step: 'Draining', since: '2026-01-05T12:00:00Z', boot_id: 'b', version: '1.1.0', message, reason: 'DisruptionBudget' },
      });
      await cluster.clock.advance(50_000);
      // Not within the first minute: an ordinary drain is blocked for a moment, too.
      expect(cluster.events().filter((event) => event.endsWith('DrainBlocked'))).toHaveLength(crash_count === 0 ? 0 : 2);
    }
    const blocked = cluster.events().filter((event) => event.endsWith('DrainBlocked'));
    expect(blocked.sort()).toEqual(['b DrainBlocked', 'brs-b DrainBlocked']);
    const logged = cluster.log.entries.filter(({ level, fields }) => level === 'warn' && fields['detail'] === message);
    expect(logged).toHaveLength(1);
    expect(cluster.shadow('b')?.status?.conditions?.find(({ type }) => type === 'Drained')).toMatchObject({
      reason: 'DrainBlocked',
      message,
    });
  });

  describe('an agent that is down', () => {
    const pod = (name: string) => ({ group: '', resource: 'pods', namespace: NAMESPACE, name: `agent-${name}` });
    const turn = ({ api }: Cluster, name: string, status: 'True' | 'False'): unknown =>
      api.store.patch(pod(name), { status: { conditions: [{ type: 'Ready', status }] } });
    const healthy = ({ shadow }: Cluster, name: string) => shadow(name)?.status?.conditions?.find(({ type }) => type === 'Healthy');
    const told = ({ events }: Cluster): string[] =>
      events()
        .filter((event) => event.endsWith('AgentNotReady'))
        .sort();

    test('for a moment is written nowhere; for minutes it is told, until it is back', async () => {
      const cluster = aCluster(['b', 'c']);
      const { clock } = cluster;
      for (const name of ['b', 'c']) cluster.report(name, { current_version: '1.1.0' });
      start(cluster);
      await clock.advance(10_000);
      let writes = 0;
      cluster.api.faults.beforeRequest = (_request, _identity, { resource, verb }) => {
        if (resource !== 'leases' && (verb === 'patch' || verb === 'create')) writes++;
        return undefined;
      };
      turn(cluster, 'b', 'False');
      await clock.advance(4 * MINUTE);
      expect([writes, healthy(cluster, 'b')?.status]).toEqual([0, 'True']);
      await clock.advance(2 * MINUTE);
      const message = "Waiting for the node's agent to be Ready; see the log of its pod";
      expect(healthy(cluster, 'b')).toMatchObject({ status: 'False', reason: 'AgentNotReady', message });
      expect([told(cluster), writes]).toEqual([['b AgentNotReady', 'brs-b AgentNotReady'], 3]);
      turn(cluster, 'b', 'True');
      await clock.advance(10_000);
      expect([healthy(cluster, 'b')?.reason, writes]).toEqual(['NoTrouble', 4]);
    });

    test.each(['a-new-agent', 'the-new-agent'])(
      'beside one of the same node that is up, as during a change of pods, is not missed (%s)',
      async (name) => {
        const cluster = aCluster(['b']);
        cluster.api.store.create({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name, namespace: NAMESPACE, labels: { [COMPONENT_LABEL]: AGENT_COMPONENT } },
          spec: { nodeName: 'b', containers: [{ name: 'brupop', image: 'brupop' }] },
          status: { conditions: [{ type: 'Ready', status: 'False' }] },
        });
        start(cluster);
        await cluster.clock.advance(5_000);
        expect(cluster.told()).toEqual(['StagedAndPerformedUpdate']);
      },
    );

    test('is not told again, nor taken back, by the next leader', async () => {
      const cluster = aCluster(['b']);
      turn(cluster, 'b', 'False');
      const first = start(cluster, 'one');
      await cluster.clock.advance(6 * MINUTE);
      const since = healthy(cluster, 'b')?.lastTransitionTime;
      await first.stop();
      start(cluster, 'two');
      await cluster.clock.advance(10 * MINUTE);
      expect(healthy(cluster, 'b')).toMatchObject({ reason: 'AgentNotReady', lastTransitionTime: since });
      expect(told(cluster)).toEqual(['b AgentNotReady', 'brs-b AgentNotReady']);
    });

    test('is told by a leader that has just begun, if the cluster says since when', async () => {
      const cluster = aCluster(['b']);
      const lastTransitionTime = new Date(cluster.clock.now()).toISOString();
      cluster.api.store.patch(pod('b'), { status: { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime }] } });
      await cluster.clock.advance(6 * MINUTE);
      start(cluster);
      await cluster.clock.advance(10_000);
      expect(healthy(cluster, 'b')).toMatchObject({ status: 'False', reason: 'AgentNotReady' });
    });

    test('and has never registered its node is told once, whoever leads', async () => {
      const cluster = aCluster(['b']);
      cluster.api.store.delete({ ...SHADOWS, name: 'brs-b' });
      const unregistered = (): string[] => cluster.events().filter((event) => event.endsWith('NoShadow'));
      const first = start(cluster, 'one');
      await cluster.clock.advance(6 * MINUTE);
      expect(unregistered()).toEqual(['b NoShadow']);
      await first.stop();
      start(cluster, 'two');
      await cluster.clock.advance(10 * MINUTE);
      expect(unregistered()).toEqual(['b NoShadow']);
    });

    test('with all others of a large fleet is no storm of requests', async () => {
      const names = Array.from({ length: 200 }, (_, at) => `n${String(at)}`);
      const cluster = aCluster(names);
      for (const name of names) cluster.report(name, { current_version: '1.1.0' });
      start(cluster);
      await cluster.clock.advance(MINUTE);
      let writes = 0;
      let most = 0;
      cluster.api.faults.beforeRequest = (_request, _identity, { resource, verb }) => {
        if (resource !== 'leases' && (verb === 'patch' || verb === 'create')) writes++;
        return undefined;
      };
      for (const name of names) turn(cluster, name, 'False');
      for (let second = 0; second < 7 * 60; second++) {
        const before = writes;
        await cluster.clock.advance(1_000);
        most = Math.max(most, writes - before);
      }
      expect([most, writes]).toEqual([40, 600]);
      expect(names.filter((name) => healthy(cluster, name)?.reason === 'AgentNotReady')).toHaveLength(200);
    });
  });

  test('deletes the shadow of a node that has left the fleet', async () => {
    const cluster = aCluster(['a', 'b']);
    start(cluster, 'one', { window: { kind: 'daily', startMs: 36_000_000, stopMs: 72_000_000 } });
    await cluster.clock.advance(3_000);
    cluster.api.store.patch({ group: '', resource: 'nodes', name: 'b' }, { metadata: { labels: { [UPDATER_INTERFACE_LABEL]: null } } });
    await cluster.clock.advance(3_000);
    expect([cluster.shadow('a') === undefined, cluster.shadow('b') === undefined]).toEqual([false, true]);
  });

  test('shows its plan, its health and its metrics', async () => {
    const cluster = aCluster(['a', 'b']);
    const { controller } = start(cluster);
    const get = (url: string) => inject(controller.app as never, { method: 'GET', url });
    expect((await get('/readyz')).statusCode).toBe(503);
    await cluster.clock.advance(5_000);
    expect((await get('/healthz')).payload).toBe('ok');
    expect((await get('/readyz')).statusCode).toBe(200);
    expect(JSON.parse((await get('/plan')).payload)).toMatchObject({
      leader: true,
      leaderIdentity: 'one',
      synced: true,
      budget: { maxConcurrentUpdates: 1, used: 1, usedBy: ['b'] },
      nodes: [
        { node: 'b', next: 'wait', reason: 'InProgress' },
        { node: 'a', next: 'wait', reason: 'NoFreeSlot' },
      ],
    });
    const problem = await get('/plan?reason=Whim');
    expect([problem.statusCode, problem.payload]).toEqual([400, expect.stringContaining('reason: expected one of')]);
    const before = (await get('/metrics')).payload;
    expect(before).toContain("# HELP brupop_hosts_state Brupop host's state");
    expect(before).toMatch(/brupop_watched_objects\{resource="bottlerocketshadows"\} 2/);
    expect(before).toContain("# HELP brupop_hosts_version Brupop host's bottlerocket version");
    expect(before).toMatch(/brupop_hosts_state\{state="Idle".*\} 2/);
    expect(before).toMatch(/brupop_hosts_version\{bottlerocket_version="1.0.0".*\} 2/);
    for (const name of ['a', 'b']) cluster.report(name, { current_version: '1.1.0' });
    await cluster.clock.advance(6_000);
    expect((await get('/metrics')).payload).toMatch(/brupop_hosts_version\{bottlerocket_version="1.0.0".*\} 0/);
  });
});
