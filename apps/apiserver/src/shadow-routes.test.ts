import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ROUTES } from '@brupop/agent-api';
import { GROUP, PLURAL, UPDATER_INTERFACE_LABEL, UPDATER_INTERFACE_VERSION } from '@brupop/crd-models';
import { jsonResponse } from '@brupop/ports';
import type { KubeObject } from '@brupop/simulator';
import { type Response } from 'light-my-request';
import { ApiserverWorld, NAMESPACE } from './testing/apiserver-world.ts';

const STATUS = { current_version: '1.0.0', target_version: '1.1.0', current_state: 'Idle', crash_count: 0 };

let world: ApiserverWorld;
beforeEach(async () => {
  world = await new ApiserverWorld().start();
});
afterEach(async () => {
  world.stopping.abort();
  await world.clock.settle();
});

describe('the shadow', () => {
  const create = (): Promise<Response> =>
    world.send(world.asAgent('POST', ROUTES.shadow, { body: { node_selector: { node_name: 'node-1', node_uid: '' } } }));

  test('is created once, owned by the Node, and returned for later requests', async () => {
    const first = await create();
    const { resourceVersion } = first.json<KubeObject>().metadata;
    const again = await create();
    expect([first.statusCode, again.statusCode, again.json<KubeObject>().metadata.resourceVersion]).toEqual([200, 200, resourceVersion]);
    expect(world.shadow()).toMatchObject({
      metadata: {
        name: 'brs-node-1',
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: world.node().metadata.uid }],
      },
      spec: { state: 'Idle' },
    });
  });

  test('is created by a request without a body, of known or unknown length', async () => {
    const without = await world.send(world.asAgent('POST', ROUTES.shadow));
    const empty = await world.send({
      ...world.asAgent('POST', ROUTES.shadow, { headers: { 'transfer-encoding': 'chunked' } }),
      payload: '',
    });
    expect([without.statusCode, empty.statusCode]).toEqual([200, 200]);
  });

  test('is not recreated by the agent of a node that has lost its label', async () => {
    await create();
    world.patchNode({ metadata: { labels: { [UPDATER_INTERFACE_LABEL]: null } } });
    world.api.store.delete({ group: GROUP, resource: PLURAL, namespace: NAMESPACE, name: 'brs-node-1' });
    await world.clock.advance(1_000);
    const response = await create();
    expect([response.statusCode, response.json(), world.shadow()]).toMatchObject([
      403,
      { error: { code: 'NODE_NOT_LABELLED' } },
      undefined,
    ]);
  });

  test('is created for a node whose label the cache does not show yet', async () => {
    world.patchNode({ metadata: { labels: { [UPDATER_INTERFACE_LABEL]: null } } });
    await world.clock.advance(1_000);
    world.api.faults.beforeRequest = (_request, _identity, { resource, verb }) =>
      resource === 'nodes' && verb !== 'get' ? jsonResponse(503, {}) : undefined;
    world.api.dropWatches();
    world.patchNode({ metadata: { labels: { [UPDATER_INTERFACE_LABEL]: UPDATER_INTERFACE_VERSION } } });
    expect((await create()).statusCode).toBe(200);
  });

  test.each([
    { name: 'a body with an invalid schema', body: { node_selector: 'node-1' }, status: 400, code: 'BODY_INVALID' },
    {
      name: 'a body about another node',
      body: { node_selector: { node_name: 'node-2', node_uid: '' } },
      status: 403,
      code: 'NODE_MISMATCH',
    },
  ])('is not created from $name', async ({ body, status, code }) => {
    const response = await world.send(world.asAgent('POST', ROUTES.shadow, { body }));
    expect([response.statusCode, response.json(), world.shadow()]).toMatchObject([status, { error: { code } }, undefined]);
  });

  test('is 404 when it does not exist', async () => {
    const response = await world.send(world.asAgent('GET', ROUTES.shadow, { headers: { prefer: 'wait=60' } }));
    expect([response.statusCode, response.json()]).toMatchObject([404, { error: { code: 'SHADOW_NOT_FOUND' } }]);
  });

  test('is returned with its resourceVersion as entity tag', async () => {
    await create();
    const response = await world.send(world.asAgent('GET', ROUTES.shadow));
    expect([response.statusCode, response.headers['etag']]).toEqual([200, `"${world.shadow()?.metadata.resourceVersion ?? ''}"`]);
    expect(response.headers['connection']).not.toBe('close');
    expect(response.json()).toMatchObject({ apiVersion: `${GROUP}/v2`, spec: { state: 'Idle' } });
  });

  test('stays pending until it changes', async () => {
    await create();
    const etag = (await world.send(world.asAgent('GET', ROUTES.shadow))).headers['etag'] ?? '';
    const pending = world.begin(world.asAgent('GET', ROUTES.shadow, { headers: { prefer: 'wait=60', 'if-none-match': etag } }));
    await world.clock.advance(20_000);
    expect(pending.value).toBeUndefined();
    world.patchShadow({ spec: { state: 'StagedAndPerformedUpdate', version: '1.1.0' } });
    await world.clock.advance(100);
    expect([pending.value?.statusCode, pending.value?.json()]).toMatchObject([200, { spec: { state: 'StagedAndPerformedUpdate' } }]);
  });

  test('stays pending at a replica that lags behind the one that responded before', async () => {
    await create();
    const newer = `"${String(Number(world.shadow()?.metadata.resourceVersion) + 1_000)}"`;
    const pending = world.begin(world.asAgent('GET', ROUTES.shadow, { headers: { prefer: 'wait=60', 'if-none-match': newer } }));
    await world.clock.advance(50_000);
    expect(pending.value).toBeUndefined();
  });

  test('is 304 after the wait, which is up to a tenth shorter than requested', async () => {
    await create();
    const etag = (await world.send(world.asAgent('GET', ROUTES.shadow))).headers['etag'] ?? '';
    const beganMs = world.clock.monotonic();
    const response = await world.send(world.asAgent('GET', ROUTES.shadow, { headers: { prefer: 'wait=600', 'if-none-match': etag } }));
    expect([response.statusCode, response.body]).toEqual([304, '']);
    expect(world.clock.monotonic() - beganMs).toBeGreaterThanOrEqual(54_000);
    expect(world.clock.monotonic() - beganMs).toBeLessThanOrEqual(60_000);
  });

  test('is 304 immediately without a wait', async () => {
    await create();
    const etag = (await world.send(world.asAgent('GET', ROUTES.shadow))).headers['etag'] ?? '';
    const beganMs = world.clock.monotonic();
    const response = await world.send(world.asAgent('GET', ROUTES.shadow, { headers: { 'if-none-match': etag } }));
    expect([response.statusCode, world.clock.monotonic()]).toEqual([304, beganMs]);
  });

  test('is 404 when it is deleted while a poll is pending', async () => {
    await create();
    const etag = (await world.send(world.asAgent('GET', ROUTES.shadow))).headers['etag'] ?? '';
    const pending = world.begin(world.asAgent('GET', ROUTES.shadow, { headers: { prefer: 'wait=60', 'if-none-match': etag } }));
    await world.clock.advance(1_000);
    world.api.store.delete({ group: GROUP, resource: PLURAL, namespace: NAMESPACE, name: 'brs-node-1' });
    await world.clock.advance(100);
    expect(pending.value?.statusCode).toBe(404);
  });

  test('ends pending polls at a shutdown, and closes their connections', async () => {
    await create();
    const etag = (await world.send(world.asAgent('GET', ROUTES.shadow))).headers['etag'] ?? '';
    const pending = world.begin(world.asAgent('GET', ROUTES.shadow, { headers: { prefer: 'wait=60', 'if-none-match': etag } }));
    await world.clock.advance(1_000);
    world.stopping.abort();
    await world.clock.advance(100);
    expect([pending.value?.statusCode, pending.value?.headers['connection']]).toEqual([304, 'close']);
    expect((await world.send({ method: 'GET', url: ROUTES.ready })).statusCode).toBe(503);
  });

  test('costs no requests to the Kubernetes API while many polls are pending', async () => {
    await create();
    const etag = (await world.send(world.asAgent('GET', ROUTES.shadow))).headers['etag'] ?? '';
    await world.clock.advance(1_000);
    let requests = 0;
    world.api.audit(() => requests++);
    const polls = Array.from({ length: 50 }, () =>
      world.begin(world.asAgent('GET', ROUTES.shadow, { headers: { prefer: 'wait=30', 'if-none-match': etag } })),
    );
    await world.clock.advance(40_000);
    expect([polls.every(({ value }) => value?.statusCode === 304), requests]).toEqual([true, 0]);
  });

  test('accepts the status and returns it', async () => {
    await create();
    const response = await world.send(world.asAgent('PUT', ROUTES.shadow, { body: STATUS }));
    expect([response.statusCode, response.json(), world.shadow()?.['status']]).toEqual([200, STATUS, STATUS]);
  });

  test('accepts only the fields of an agent from an agent', async () => {
    await create();
    const conditions = [{ type: 'Healthy', status: 'True', reason: 'Lie', message: '', lastTransitionTime: '2026-01-05T00:00:00Z' }];
    const response = await world.send(world.asAgent('PUT', ROUTES.shadow, { body: { ...STATUS, conditions, unheard_of: 1 } }));
    expect([response.statusCode, response.json(), world.shadow()?.['status']]).toEqual([200, STATUS, STATUS]);
  });

  test('rejects a version of 240 kB', async () => {
    await create();
    const target_version = `1.0.0-${'a'.repeat(240_000)}`;
    const response = await world.send(world.asAgent('PUT', ROUTES.shadow, { body: { ...STATUS, target_version } }));
    expect([response.statusCode, world.shadow()?.['status']]).toEqual([400, undefined]);
    expect(response.json()).toMatchObject({
      error: { message: expect.stringMatching(/^status\.target_version: expected at most 128 characters, got /) },
    });
  });

  test('keeps our additions when an agent of Brupop 1.x writes', async () => {
    await create();
    const failed_versions = [{ version: '1.1.0', failures: 1, last_failure_timestamp: '2026-01-05T00:00:00Z' }];
    await world.send(world.asAgent('PUT', ROUTES.shadow, { body: { ...STATUS, boot_id: 'b', failed_versions } }));
    await world.send(world.asAgent('PUT', ROUTES.shadow, { body: { ...STATUS, crash_count: 1 } }));
    // Except for the boot: after a write by Brupop 1.x, the boot in which the status was written is unknown.
    expect(world.shadow()?.['status']).toEqual({ ...STATUS, crash_count: 1, failed_versions });
  });

  test.each([
    { name: 'with an invalid schema', body: { ...STATUS, crash_count: 'two' }, status: 400, code: 'BODY_INVALID' },
    { name: 'for a shadow that does not exist', body: STATUS, status: 404, code: 'SHADOW_NOT_FOUND' },
  ])('rejects a status $name', async ({ body, status, code }) => {
    const response = await world.send(world.asAgent('PUT', ROUTES.shadow, { body }));
    expect([response.statusCode, response.json()]).toMatchObject([status, { error: { code } }]);
  });

  test('rejects a status that is not JSON', async () => {
    const response = await world.send({ ...world.asAgent('PUT', ROUTES.shadow), payload: '{"a":' });
    expect([response.statusCode, response.json()]).toMatchObject([400, { error: { code: 'BODY_MALFORMED' } }]);
  });
});
