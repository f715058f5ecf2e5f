import { describe, expect, test } from '@jest/globals';
import { PODS, WIDGETS, aNode, aPod, aReadyPod, aWidget, aWidgetDefinition, anApi } from '../api-fixture.ts';
import type { Fixture } from '../api-fixture.ts';

function withOwnedPod(more: { owners?: number } = {}): Fixture & { pods: () => string[] } {
  const fixture = anApi();
  const owners = Array.from({ length: more.owners ?? 1 }, (_, at) => fixture.create(aNode(`n${String(at)}`)));
  const ownerReferences = owners.map(({ metadata }) => ({ apiVersion: 'v1', kind: 'Node', name: metadata.name, uid: metadata.uid }));
  fixture.create(aPod('p', { metadata: { ownerReferences } }));
  return { ...fixture, pods: () => fixture.api.store.list({ group: '', resource: 'pods' }).map(({ metadata }) => metadata.name) };
}

describe('garbage collection', () => {
  test('deletes dependents with their last owner', async () => {
    const { call, clock, pods } = withOwnedPod();
    await call('DELETE', '/api/v1/nodes/n0');
    expect(pods()).toEqual(['p']);
    await clock.advance(1);
    expect(pods()).toEqual([]);
  });

  test('keeps what has another owner', async () => {
    const { call, clock, pods } = withOwnedPod({ owners: 2 });
    await call('DELETE', '/api/v1/nodes/n0');
    await clock.advance(1);
    expect(pods()).toEqual(['p']);
    await call('DELETE', '/api/v1/nodes/n1');
    await clock.advance(1);
    expect(pods()).toEqual([]);
  });

  test('orphans dependents on request', async () => {
    const { api, call, clock } = withOwnedPod();
    await call('DELETE', '/api/v1/nodes/n0?propagationPolicy=Orphan');
    await clock.advance(1);
    expect(api.store.get({ group: '', resource: 'nodes', name: 'n0' })).toBeUndefined();
    expect(api.store.get({ group: '', resource: 'pods', namespace: 'default', name: 'p' })?.metadata.ownerReferences).toEqual([]);
  });

  test('deletes in the foreground on request', async () => {
    const { api, call, clock, pods } = withOwnedPod();
    await call('DELETE', '/api/v1/nodes/n0', { propagationPolicy: 'Foreground' });
    expect(api.store.get({ group: '', resource: 'nodes', name: 'n0' })?.metadata.finalizers).toEqual(['foregroundDeletion']);
    await clock.advance(1);
    expect(pods()).toEqual([]);
    expect(api.store.get({ group: '', resource: 'nodes', name: 'n0' })).toBeUndefined();
  });

  test('collects dependents of a deleted owner, as after a node was replaced under the same name', async () => {
    const { api, clock, create, pods } = withOwnedPod();
    const { uid } = api.store.get({ group: '', resource: 'nodes', name: 'n0' })?.metadata ?? { uid: '' };
    api.store.delete({ group: '', resource: 'nodes', name: 'n0' });
    create(aNode('n0'));
    create(aPod('late', { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n0', uid }] } }));
    await clock.advance(1);
    expect(pods()).toEqual([]);
  });

  test('accepts an owner that never existed', async () => {
    const { clock, create, api } = anApi();
    create(aPod('p', { metadata: { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'made-up' }] } }));
    await clock.advance(1);
    expect(api.store.list({ group: '', resource: 'pods' })).toHaveLength(1);
  });
});

describe('namespace deletion', () => {
  test('waits until everything in the namespace is gone', async () => {
    const { call, clock, create } = anApi();
    create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } });
    create({ ...aReadyPod('p'), metadata: { name: 'p', namespace: 'a' } });
    create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'a' } });
    await call('DELETE', '/api/v1/namespaces/a');
    await clock.advance(1);
    expect((await call('GET', '/api/v1/namespaces/a')).body).toMatchObject({ status: { phase: 'Terminating' } });
    expect((await call('GET', '/api/v1/namespaces/a/configmaps/c')).status).toBe(404);
    await call('DELETE', '/api/v1/namespaces/a/pods/p?gracePeriodSeconds=0');
    await clock.advance(1);
    expect((await call('GET', '/api/v1/namespaces/a')).status).toBe(404);
  });
});

describe('deletion of a CustomResourceDefinition', () => {
  test('also deletes its objects', async () => {
    const { call, clock, create } = anApi();
    create(aWidgetDefinition());
    create(aWidget('w'));
    await call('DELETE', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com');
    await clock.advance(1);
    expect((await call('GET', WIDGETS)).status).toBe(404);
    create(aWidgetDefinition());
    expect((await call('GET', WIDGETS)).body['items']).toEqual([]);
    expect((await call('GET', PODS)).status).toBe(200);
  });
});
