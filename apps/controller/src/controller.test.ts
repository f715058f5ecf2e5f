import { bottlerocketShadowCrd, PLURAL, UPDATER_INTERFACE_LABEL } from '@brupop/crd-models';
import { jsonResponse } from '@brupop/ports';
import { afterEach, describe, expect, test } from '@jest/globals';
import inject from 'light-my-request';
import { createController } from './controller.ts';
import { aCluster, MINUTE, NAMESPACE, SHADOWS, start, stopAll } from './testing/a-cluster.ts';

afterEach(stopAll);

describe(createController, () => {
  test('updates one node after the other, its own last', async () => {
    const cluster = aCluster(['a', 'b']);
    start(cluster);
    await cluster.clock.advance(5_000);
    expect(cluster.desired()).toEqual(['Idle', 'StagedAndPerformedUpdate']);
    for (const name of ['b', 'a']) {
      for (const state of ['StagedAndPerformedUpdate', 'RebootedIntoUpdate', 'MonitoringUpdate', 'Idle'] as const) {
        expect(cluster.shadow(name)?.spec.state).toBe(state);
        cluster.report(name, { current_state: state, current_version: state === 'StagedAndPerformedUpdate' ? '1.0.0' : '1.1.0' });
        await cluster.clock.advance(2_000);
      }
    }
    expect(cluster.desired()).toEqual(['Idle', 'Idle']);
    await cluster.clock.advance(5_000);
    const course = ['UpdateStarted', 'RebootAllowed', 'UpdateFinished'];
    const eventsOf = (object: string): string[] => cluster.events().filter((event) => event.startsWith(`${object} `));
    for (const name of ['b', 'a']) {
      expect(eventsOf(`brs-${name}`)).toEqual(course.map((reason) => `brs-${name} ${reason}`));
      // The Node has Events about disruptions only.
      expect(eventsOf(name)).toEqual([`${name} RebootAllowed`]);
    }
  });

  test.each(['was answered', 'was made, but whose response was lost'])(
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
      expect(cluster.desired()).toEqual(['Idle', 'StagedAndPerformedUpdate', 'Idle']);
    },
  );

  test('hands over to a follower without starting another node', async () => {
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
    expect(cluster.desired().filter((state) => state !== 'Idle')).toHaveLength(1);
  });

  test('plans nothing as a new leader before it has seen the writes of the previous one', async () => {
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
    expect(cluster.desired()).toEqual(['Idle', 'StagedAndPerformedUpdate', 'Idle']);
    api.faults.beforeRequest = () => undefined;
    cluster.report('b', { current_state: 'StagedAndPerformedUpdate' });
    cordon('b', null);
    await clock.advance(60_000);
    expect(cluster.desired()).toEqual(['Idle', 'RebootedIntoUpdate', 'Idle']);
  });

  test.each([
    {
      name: 'a number of failed versions',
      illegal: { status: { failed_versions: 5 } },
      says: 'status.failed_versions: expected array, got 5',
    },
    { name: 'no spec', illegal: { spec: null }, says: 'spec: expected object, got nothing' },
    { name: 'a string as status', illegal: { status: 'fine' }, says: 'status: expected object, got "fine"' },
    { name: 'an unknown state', illegal: { spec: { state: 'Gone' } }, says: 'spec.state: expected "Idle" or' },
  ])('a stored shadow with $name does not stop the update of the others, is not written to, and is named', async ({ illegal, says }) => {
    const cluster = aCluster(['a', 'b', 'c']);
    const { api, clock } = cluster;
    // As with an edited CustomResourceDefinition that accepts anything.
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
    expect(cluster.events().filter((event) => event === 'b InvalidShadow')).toEqual(['b InvalidShadow']);
    expect(JSON.stringify(cluster.shadow('b'))).toBe(stored);
  });

  test('reports that an administrator has cordoned a node, and continues with the others', async () => {
    const cluster = aCluster(['a', 'b', 'c']);
    cluster.api.store.patch({ group: '', resource: 'nodes', name: 'b' }, { spec: { unschedulable: true } });
    start(cluster);
    await cluster.clock.advance(10_000);
    expect(cluster.desired()).toEqual(['Idle', 'Idle', 'StagedAndPerformedUpdate']);
    expect(cluster.events()).toContain('b CordonedByAdministrator');
  });

  test('does not write over a shadow that has changed since the plan', async () => {
    const cluster = aCluster(['a']);
    let patches = 0;
    cluster.api.faults.beforeRequest = (_request, _identity, { resource, verb }) => {
      if (resource === PLURAL && verb === 'patch' && patches++ === 0) cluster.report('a', { target_version: '1.2.0' });
      return undefined;
    };
    start(cluster);
    await cluster.clock.advance(5_000);
    expect(cluster.shadow('a')?.spec).toMatchObject({ state: 'StagedAndPerformedUpdate', version: '1.2.0' });
    expect(cluster.log.entries.filter(({ level }) => level === 'error')).toEqual([]);
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
