import { describe, expect, test } from '@jest/globals';
import { PODS, WIDGETS, aNode, aPod, aWidget, aWidgetDefinition, anApi } from '../api-fixture.ts';
import { valueAt } from '../types.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, data: object = {}): object => ({ metadata: { name }, data });

describe('create', () => {
  test('fills in uid, resourceVersion, creationTimestamp and the namespace of the path', async () => {
    const { call } = anApi();
    const { status, body } = await call('POST', CONFIG_MAPS, configMap('a', { k: 'v' }));
    expect(status).toBe(201);
    expect(body).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { k: 'v' } });
    expect(body['metadata']).toMatchObject({ name: 'a', namespace: 'default', creationTimestamp: '2026-01-05T00:00:00Z' });
    expect(valueAt(body, 'metadata.uid')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number(valueAt(body, 'metadata.resourceVersion'))).toBeGreaterThan(1);
  });

  test('makes a name from generateName', async () => {
    const { call } = anApi();
    const { body } = await call('POST', CONFIG_MAPS, { metadata: { generateName: 'a-' } });
    expect(valueAt(body, 'metadata.name')).toMatch(/^a-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  test('gives the same cluster for the same seed', () => {
    expect(anApi().create(aPod('p')).metadata.uid).toBe(anApi().create(aPod('p')).metadata.uid);
  });

  test.each([
    { name: 'an existing name', body: configMap('there'), status: 409, message: 'configmaps "there" already exists' },
    {
      name: 'no name',
      body: configMap(''),
      status: 422,
      message: 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    },
    {
      name: 'a resourceVersion',
      body: { metadata: { name: 'a', resourceVersion: '1' } },
      status: 400,
      message: 'resourceVersion should not be set on objects to be created',
    },
    {
      name: 'another namespace',
      body: { metadata: { name: 'a', namespace: 'other' } },
      status: 400,
      message: 'the namespace of the provided object does not match the namespace sent on the request',
    },
    {
      name: 'another kind',
      body: { kind: 'Secret', ...configMap('a') },
      status: 400,
      message: 'ConfigMap in version "v1" cannot be handled as a Secret',
    },
  ])('rejects $name', async ({ body, status, message }) => {
    const { call, create } = anApi();
    create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'there', namespace: 'default' } });
    expect(await call('POST', CONFIG_MAPS, body)).toMatchObject({
      status,
      body: { kind: 'Status', status: 'Failure', code: status, message },
    });
  });

  test('requires an existing namespace that is not terminating', async () => {
    const { call, create } = anApi();
    expect(await call('POST', '/api/v1/namespaces/none/configmaps', configMap('a'))).toMatchObject({
      status: 404,
      body: { reason: 'NotFound', message: 'namespaces "none" not found', details: { name: 'none', kind: 'namespaces' } },
    });
    create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'going', finalizers: ['x/y'] } });
    await call('DELETE', '/api/v1/namespaces/going');
    expect(await call('POST', '/api/v1/namespaces/going/configmaps', configMap('a'))).toMatchObject({
      status: 403,
      body: { reason: 'Forbidden', details: { causes: [{ reason: 'NamespaceTerminating' }] } },
    });
  });

  test('stores nothing in a dry run', async () => {
    const { call } = anApi();
    expect((await call('POST', `${CONFIG_MAPS}?dryRun=All`, configMap('a'))).status).toBe(201);
    expect((await call('GET', `${CONFIG_MAPS}/a`)).status).toBe(404);
  });
});

describe('update', () => {
  test('requires the latest resourceVersion', async () => {
    const { call, create } = anApi();
    create(aWidgetDefinition());
    const { metadata } = create(aWidget('w'));
    const update = (resourceVersion: string): unknown => ({ ...aWidget('w', { state: 'Busy' }), metadata: { name: 'w', resourceVersion } });
    expect((await call('PUT', `${WIDGETS}/w`, update(metadata.resourceVersion))).status).toBe(200);
    expect(await call('PUT', `${WIDGETS}/w`, update(metadata.resourceVersion))).toMatchObject({
      status: 409,
      body: {
        reason: 'Conflict',
        message:
          'Operation cannot be fulfilled on widgets.example.com "w": the object has been modified; please apply your changes to the latest version and try again',
        details: { name: 'w', group: 'example.com', kind: 'widgets' },
      },
    });
    expect(await call('PUT', `${WIDGETS}/w`, update(''))).toMatchObject({ status: 422 });
  });

  test('may omit it where Kubernetes allows that', async () => {
    const { call, create } = anApi();
    create(aNode('n1'));
    expect((await call('PUT', '/api/v1/nodes/n1', aNode('n1', { spec: { unschedulable: true } }))).status).toBe(200);
  });

  test('conflicts if the uid is that of another object', async () => {
    const { call, create } = anApi();
    create(aNode('n1'));
    const body = { metadata: { name: 'n1', uid: 'other' } };
    expect(await call('PUT', '/api/v1/nodes/n1', body)).toMatchObject({ status: 409, body: { reason: 'Conflict' } });
  });

  test('creates a missing Lease, but no missing Node', async () => {
    const { call } = anApi();
    const lease = { metadata: { name: 'l' }, spec: { holderIdentity: 'me' } };
    expect((await call('PUT', '/apis/coordination.k8s.io/v1/namespaces/default/leases/l', lease)).status).toBe(201);
    expect((await call('PUT', '/api/v1/nodes/n9', aNode('n9'))).status).toBe(404);
  });

  test('keeps the uid and the creation timestamp', async () => {
    const { call, create } = anApi();
    const before = create(aNode('n1'));
    const { body } = await call('PUT', '/api/v1/nodes/n1', {
      metadata: { name: 'n1', creationTimestamp: '2001-01-01T00:00:00Z', labels: { a: 'b' } },
    });
    expect(body['metadata']).toMatchObject({
      uid: before.metadata.uid,
      creationTimestamp: before.metadata.creationTimestamp,
      labels: { a: 'b' },
    });
  });

  test('keeps the resourceVersion if nothing changes', async () => {
    const { api, call, create } = anApi();
    const before = create(aNode('n1'));
    const { body } = await call('PATCH', '/api/v1/nodes/n1', { spec: {} }, { contentType: 'application/merge-patch+json' });
    expect(valueAt(body, 'metadata.resourceVersion')).toBe(before.metadata.resourceVersion);
    expect(api.resourceVersion).toBe(before.metadata.resourceVersion);
  });
});

describe('status subresource', () => {
  test('a write of the object does not change status, and a write of status changes nothing else', async () => {
    const { call, create } = anApi();
    create(aWidgetDefinition());
    const merge = { contentType: 'application/merge-patch+json' };
    create(aWidget('w'));
    const patch = { metadata: { labels: { a: 'b' } }, spec: { state: 'Busy' }, status: { phase: 'Done' } };
    const byStatus = await call('PATCH', `${WIDGETS}/w/status`, patch, merge);
    expect(byStatus.body).toMatchObject({ spec: { state: 'Idle' }, status: { phase: 'Done' }, metadata: { generation: 1 } });
    expect(valueAt(byStatus.body, 'metadata.labels')).toBeUndefined();
    const byObject = await call('PATCH', `${WIDGETS}/w`, { ...patch, status: { phase: 'Lost' } }, merge);
    expect(byObject.body).toMatchObject({
      spec: { state: 'Busy' },
      status: { phase: 'Done' },
      metadata: { generation: 2, labels: { a: 'b' } },
    });
  });

  test('a create drops the status of a custom resource and of a pod', async () => {
    const { call, create } = anApi();
    create(aWidgetDefinition());
    expect((await call('POST', WIDGETS, { ...aWidget('w'), status: { phase: 'Done' } })).body['status']).toBeUndefined();
    expect((await call('POST', PODS, aPod('p', { status: { phase: 'Running' } }))).body['status']).toMatchObject({ phase: 'Pending' });
  });

  test('does not exist for resources without status', async () => {
    const { call, create } = anApi();
    create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } });
    expect((await call('GET', `${CONFIG_MAPS}/a/status`)).status).toBe(404);
  });
});

describe('events', () => {
  test('are the same objects in both API groups', async () => {
    const { call } = anApi();
    const event = {
      metadata: { name: 'e' },
      regarding: { kind: 'Node', name: 'n1' },
      note: 'Drained',
      reason: 'Drained',
      reportingController: 'brupop',
    };
    expect((await call('POST', '/apis/events.k8s.io/v1/namespaces/default/events', event)).body).toMatchObject(event);
    const inCore = await call('GET', '/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=n1');
    expect(valueAt(inCore.body, 'items')).toMatchObject([
      { involvedObject: { name: 'n1' }, message: 'Drained', reportingComponent: 'brupop' },
    ]);
    const inEvents = await call(
      'GET',
      '/apis/events.k8s.io/v1/namespaces/default/events?fieldSelector=regarding.name=n1,reportingController=brupop',
    );
    expect(valueAt(inEvents.body, 'items')).toMatchObject([{ regarding: { name: 'n1' }, note: 'Drained' }]);
  });
});

describe('scale', () => {
  test('reads and writes replicas', async () => {
    const { call, create } = anApi();
    create({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd', namespace: 'default' }, ...{ spec: { replicas: 2 } } });
    const path = '/apis/apps/v1/namespaces/default/deployments/d';
    expect((await call('GET', `${path}/scale`)).body).toMatchObject({ kind: 'Scale', spec: { replicas: 2 } });
    await call('PATCH', `${path}/scale`, { spec: { replicas: 5 } }, { contentType: 'application/merge-patch+json' });
    expect((await call('GET', path)).body).toMatchObject({ spec: { replicas: 5 }, metadata: { generation: 2 } });
  });
});
