import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { HEADERS, ROUTES } from '@brupop/agent-api';
import {
  AGENT_SERVICE_ACCOUNT,
  CORDONED_ANNOTATION,
  APISERVER_COMPONENT,
  COMPONENT_LABEL,
  CONTROLLER_COMPONENT,
  EXCLUDE_FROM_LB_LABEL,
  GROUP,
  PLURAL,
  TOKEN_AUDIENCE,
  UPDATER_INTERFACE_LABEL,
  UPDATER_INTERFACE_VERSION,
} from '@brupop/crd-models';
import { jsonResponse, textResponse } from '@brupop/ports';
import type { KubeObject } from '@brupop/simulator';
import lightMyRequest, { type Response } from 'light-my-request';
import { ApiserverWorld, NAMESPACE } from './testing/apiserver-world.ts';

const STATUS = { current_version: '1.0.0', target_version: '1.1.0', current_state: 'Idle', crash_count: 0 };
const ASYNC = { prefer: 'respond-async' };

let world: ApiserverWorld;
beforeEach(async () => {
  world = await new ApiserverWorld().start();
});
afterEach(async () => {
  world.stopping.abort();
  await world.clock.settle();
});

describe('the public scope', () => {
  test.each([
    { name: 'answers pong', request: { method: 'GET', url: ROUTES.ping } as const, status: 200, body: 'pong' },
    { name: 'is ready when its caches have synced', request: { method: 'GET', url: ROUTES.ready } as const, status: 200, body: 'ready' },
  ])('$name', async ({ request, status, body }) => {
    const response = await world.send(request);
    expect([response.statusCode, response.body]).toEqual([status, body]);
  });

  test.each([
    { name: 'an unknown path', request: { method: 'GET', url: '/nothing' } as const, status: 404, code: 'ROUTE_UNKNOWN' },
    {
      name: 'a known path with another method',
      request: { method: 'DELETE', url: ROUTES.ping } as const,
      status: 405,
      code: 'METHOD_NOT_ALLOWED',
    },
    { name: 'a path that cannot be decoded', request: { method: 'GET', url: '/%E0%A4%A' } as const, status: 404, code: 'ROUTE_UNKNOWN' },
  ])('rejects $name', async ({ request, status, code }) => {
    const response = await world.send(request);
    expect([response.statusCode, response.json()]).toMatchObject([status, { error: { code } }]);
  });

  test('converts a review', async () => {
    const object = {
      apiVersion: `${GROUP}/v1`,
      kind: 'BottlerocketShadow',
      metadata: { name: 'brs-a', uid: 'u' },
      spec: { state: 'PerformedUpdate' },
    };
    const payload = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'ConversionReview',
      request: { uid: 'r', desiredAPIVersion: `${GROUP}/v2`, objects: [object] },
    };
    const response = await world.send({ method: 'POST', url: ROUTES.convert, payload });
    expect([response.statusCode, response.json()]).toMatchObject([
      200,
      { response: { uid: 'r', result: { status: 'Success' }, convertedObjects: [{ spec: { state: 'StagedAndPerformedUpdate' } }] } },
    ]);
  });

  test('converts a review that exceeds the limit of other bodies', async () => {
    const object = {
      apiVersion: `${GROUP}/v1`,
      kind: 'BottlerocketShadow',
      metadata: { name: 'brs-a', uid: 'u' },
      spec: { state: 'Idle' },
    };
    const objects = Array.from({ length: 20_000 }, () => object);
    const payload = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'ConversionReview',
      request: { uid: 'r', desiredAPIVersion: `${GROUP}/v2`, objects },
    };
    const response = await world.send({ method: 'POST', url: ROUTES.convert, payload });
    expect(response.json<{ response: { convertedObjects: unknown[] } }>().response.convertedObjects).toHaveLength(20_000);
  });

  test('responds with 200 to a review that is not JSON, as kube-apiserver requires', async () => {
    const response = await world.send({
      method: 'POST',
      url: ROUTES.convert,
      payload: '{',
      headers: { 'content-type': 'application/json' },
    });
    expect([response.statusCode, response.json()]).toMatchObject([200, { response: { result: { status: 'Failed' } } }]);
  });
});

describe('the authenticated scope', () => {
  const guarded = [
    ['GET', ROUTES.shadow],
    ['POST', ROUTES.shadow],
    ['PUT', ROUTES.shadow],
    ['POST', ROUTES.cordonAndDrain],
    ['POST', ROUTES.uncordon],
    ['POST', ROUTES.excludeFromLb],
    ['POST', ROUTES.removeExclusionFromLb],
    ['GET', ROUTES.health],
    ['GET', `${ROUTES.shadow}/unknown`],
    ['POST', ROUTES.cordonAndDrain.toUpperCase()],
    ['POST', `${ROUTES.cordonAndDrain}/`],
  ] as const;

  test.each(guarded)('%s %s does nothing without a token', async (method, url) => {
    const response = await world.send({ method, url, headers: { [HEADERS.nodeName]: 'node-1' } });
    expect([response.statusCode, response.json()]).toMatchObject([401, { error: { code: 'TOKEN_MISSING' } }]);
    expect([world.cordoned, world.shadow()]).toEqual([false, undefined]);
  });

  test.each([
    { name: "another node's name", headers: { [HEADERS.nodeName]: 'node-2' }, status: 403, code: 'NODE_MISMATCH' },
    { name: 'another node UID', headers: { [HEADERS.nodeUid]: 'not-its' }, status: 403, code: 'NODE_UID_MISMATCH' },
    {
      name: 'a name that would change the request path',
      headers: { [HEADERS.nodeName]: '../../x' },
      status: 403,
      code: 'NODE_NAME_INVALID',
    },
    { name: 'a forged token', headers: { [HEADERS.token]: 'a.b.c' }, status: 401, code: 'TOKEN_REJECTED' },
  ])('denies $name', async ({ headers, status, code }) => {
    const response = await world.send(world.asAgent('POST', ROUTES.cordonAndDrain, { headers }));
    expect([response.statusCode, response.json(), world.cordoned]).toMatchObject([status, { error: { code } }, false]);
  });

  test('denies a pod in another namespace with the name of an agent', async () => {
    world.api.store.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: AGENT_SERVICE_ACCOUNT, namespace: 'shop' } });
    const pod = world.addPod('agent-node-1', 'node-1');
    const token = world.api.issueToken({
      serviceAccount: { namespace: 'shop', name: AGENT_SERVICE_ACCOUNT },
      audiences: [TOKEN_AUDIENCE],
      pod: { name: 'agent-node-1', uid: pod.metadata.uid },
    });
    const response = await world.send(world.asAgent('POST', ROUTES.cordonAndDrain, { headers: { [HEADERS.token]: token } }));
    expect([response.statusCode, response.json()]).toMatchObject([403, { error: { code: 'SERVICE_ACCOUNT_MISMATCH' } }]);
  });

  test('responds with 503 when the Kubernetes API is unavailable, and never logs the token', async () => {
    world.api.faults.beforeRequest = () => textResponse(500, 'down');
    const response = await world.send(world.asAgent('GET', ROUTES.health));
    expect([response.statusCode, response.headers['retry-after'], response.json()]).toMatchObject([
      503,
      '5',
      { error: { code: 'KUBERNETES_UNAVAILABLE' } },
    ]);
    expect(JSON.stringify(world.log.entries)).not.toContain(world.tokens.get('node-1'));
  });

  test('rejects a body that is too large with 413', async () => {
    const response = await world.send(world.asAgent('PUT', ROUTES.shadow, { body: { x: 'x'.repeat(300_000) } }));
    expect([response.statusCode, response.json()]).toMatchObject([413, { error: { code: 'BODY_TOO_LARGE' } }]);
  });
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

describe('steps on the node', () => {
  beforeEach(() => {
    world.permit();
  });
  const step = (url: string, headers: Record<string, string> = ASYNC): Promise<Response> =>
    world.send(world.asAgent('POST', url, { headers }));
  const budget = (): void => {
    world.api.store.create({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'web', namespace: 'shop', generation: 1 },
      spec: { maxUnavailable: 0, selector: { matchLabels: { app: 'web' } } },
      status: { observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
    });
  };

  test('cordons and drains, with progress, in bounded steps', async () => {
    world.addPod('web-0', 'node-1');
    world.addPod('elsewhere', 'node-2');
    const first = await step(ROUTES.cordonAndDrain);
    expect([first.statusCode, first.headers['preference-applied'], first.json()]).toMatchObject([
      202,
      'respond-async',
      {
        done: false,
        evicted: 1,
        waiting: [{ namespace: 'shop', name: 'web-0', reason: 'terminating' }],
        waiting_total: 1,
        retry_after_ms: 1_000,
      },
    ]);
    expect([world.cordoned, world.clock.monotonic() <= 11_000]).toEqual([true, true]);
    world.removePod('web-0');
    const last = await step(ROUTES.cordonAndDrain);
    expect([last.statusCode, last.json()]).toMatchObject([200, { done: true, since: first.json<{ since: string }>().since }]);
  });

  test('names the PodDisruptionBudget that blocks the drain', async () => {
    world.addPod('web-0', 'node-1', 'shop', { labels: { app: 'web' } });
    budget();
    await world.send(world.asAgent('POST', ROUTES.shadow));
    world.patchShadow({ spec: { state: 'RebootedIntoUpdate', version: '1.1.0' } });
    const response = await step(ROUTES.cordonAndDrain);
    const message = 'PodDisruptionBudget shop/web allows no disruption of pod shop/web-0';
    expect(response.json()).toMatchObject({
      done: false,
      message: `Draining, 0 pods evicted in this step, waiting for 1 pod: ${message}`,
      waiting: [{ reason: 'blocked', message }],
      blocked: { reason: 'DisruptionBudget', message },
      retry_after_ms: 1_000,
    });
    await world.clock.advance(60_000);
    expect((await step(ROUTES.cordonAndDrain)).json()).toMatchObject({ done: false, retry_after_ms: 5_000 });
  });

  test('fails with DRAIN_TIMED_OUT after the drain timeout', async () => {
    world.addPod('web-0', 'node-1', 'shop', { labels: { app: 'web' } });
    budget();
    await world.send(world.asAgent('POST', ROUTES.shadow));
    world.patchShadow({ spec: { state: 'RebootedIntoUpdate', version: '1.1.0' } });
    await step(ROUTES.cordonAndDrain);
    await world.clock.advance(900_000);
    const response = await step(ROUTES.cordonAndDrain);
    expect([response.statusCode, response.json()]).toMatchObject([409, { error: { code: 'DRAIN_TIMED_OUT' } }]);
  });

  test('blocks a request of an agent of Brupop 1.x until the node is drained, and responds without a body', async () => {
    world.addPod('web-0', 'node-1');
    world.clock.setTimer(45_000, () => {
      world.removePod('web-0');
    });
    const response = await step(ROUTES.cordonAndDrain, {});
    expect([response.statusCode, response.body]).toEqual([200, '']);
    expect(world.clock.monotonic()).toBeGreaterThanOrEqual(45_000);
  });

  test('ends a step at a shutdown, because the step may be waiting for this replica', async () => {
    world.addPod('web-0', 'node-1');
    const startMs = world.clock.monotonic();
    world.clock.setTimer(1_000, () => {
      world.stopping.abort();
    });
    const response = await step(ROUTES.cordonAndDrain);
    expect([response.statusCode, response.json()]).toMatchObject([202, { done: false, evicted: 1 }]);
    expect(world.clock.monotonic() - startMs).toBeLessThan(1_200);
  });

  test('ends a wait for the Node at a shutdown', async () => {
    await step(ROUTES.cordonAndDrain);
    world.patchNode({ status: { conditions: [{ type: 'Ready', status: 'False' }] } });
    await world.clock.advance(100);
    const startMs = world.clock.monotonic();
    world.clock.setTimer(1_000, () => {
      world.stopping.abort();
    });
    expect((await step(ROUTES.uncordon)).json()).toMatchObject({ done: false });
    expect(world.clock.monotonic() - startMs).toBeLessThan(1_200);
  });

  test('ends a blocking drain at a shutdown with an error', async () => {
    world.addPod('web-0', 'node-1');
    world.clock.setTimer(15_000, () => {
      world.stopping.abort();
    });
    const response = await step(ROUTES.cordonAndDrain, {});
    expect([response.statusCode, response.json()]).toMatchObject([503, { error: { code: 'SHUTTING_DOWN' } }]);
  });

  test('uncordons what it cordoned, once the Node is Ready', async () => {
    await step(ROUTES.cordonAndDrain);
    world.patchNode({ status: { conditions: [{ type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: 'cni' }] } });
    const waiting = await step(ROUTES.uncordon);
    expect([waiting.statusCode, waiting.json(), world.cordoned]).toMatchObject([
      202,
      { done: false, message: expect.stringContaining('cni') },
      true,
    ]);
    world.patchNode({ status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    const done = await step(ROUTES.uncordon);
    expect([done.statusCode, done.json(), world.cordoned]).toMatchObject([200, { done: true }, false]);
    expect(world.node().metadata.annotations?.[CORDONED_ANNOTATION]).toBeUndefined();
  });

  test("records with the cordon which of the operator's servers are on the node", async () => {
    const server = (name: string, node: string, component: string): string =>
      world.addPod(name, node, NAMESPACE, { labels: { [COMPONENT_LABEL]: component } }).metadata.uid;
    const here = [server('apiserver-1', 'node-1', APISERVER_COMPONENT), server('controller-1', 'node-1', CONTROLLER_COMPONENT)];
    server('apiserver-2', 'node-2', APISERVER_COMPONENT);
    await world.clock.advance(1_000);
    await step(ROUTES.cordonAndDrain);
    const { last } = JSON.parse(world.node().metadata.annotations?.[CORDONED_ANNOTATION] ?? '') as { last: string[] };
    expect(last.toSorted()).toEqual(here.toSorted());
  });

  test('responds as soon as the Node is Ready, and restores cordon and exclusion', async () => {
    await step(ROUTES.excludeFromLb);
    await step(ROUTES.cordonAndDrain);
    world.patchNode({ status: { conditions: [{ type: 'Ready', status: 'False' }] } });
    world.clock.setTimer(3_000, () => {
      world.patchNode({ status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    });
    await world.clock.advance(100);
    const verbs: string[] = [];
    world.api.audit(({ verb, resource }) => {
      if (resource === 'nodes') verbs.push(verb);
    });
    const startMs = world.clock.monotonic();
    const done = await step(ROUTES.uncordon);
    expect([done.json(), world.cordoned, world.node().metadata.labels?.[EXCLUDE_FROM_LB_LABEL]]).toMatchObject([
      { done: true, returned: true },
      false,
      undefined,
    ]);
    expect(world.clock.monotonic() - startMs).toBeLessThan(3_000);
    expect(verbs).toEqual(['patch']);
  });

  test('uncordons immediately for an agent of Brupop 1.x', async () => {
    await step(ROUTES.cordonAndDrain, {});
    world.patchNode({ status: { conditions: [{ type: 'Ready', status: 'False' }] } });
    const response = await step(ROUTES.uncordon, {});
    expect([response.statusCode, response.body, world.cordoned]).toEqual([200, '', false]);
  });

  test.each([
    { name: 'of an administrator', before: { spec: { unschedulable: true } } },
    { name: 'that existed before ours', before: { spec: { unschedulable: true } }, drain: true },
  ])('leaves a cordon $name', async ({ before, drain }) => {
    world.patchNode(before);
    if (drain === true) await step(ROUTES.cordonAndDrain);
    const response = await step(ROUTES.uncordon);
    expect([response.statusCode, world.cordoned, world.node().metadata.annotations?.[CORDONED_ANNOTATION]]).toEqual([200, true, undefined]);
  });

  test('uncordons a node that Brupop 1.x cordoned in the middle of an update that our agent takes over', async () => {
    await world.send(world.asAgent('POST', ROUTES.shadow));
    await world.send(world.asAgent('PUT', ROUTES.shadow, { body: { ...STATUS, current_state: 'StagedAndPerformedUpdate' } }));
    world.patchShadow({ spec: { state: 'RebootedIntoUpdate', version: '1.1.0' } });
    world.patchNode({ spec: { unschedulable: true } });
    await world.clock.advance(1_000);
    await world.send(world.asAgent('PUT', ROUTES.shadow, { body: { ...STATUS, current_state: 'StagedAndPerformedUpdate', boot_id: 'b' } }));
    await step(ROUTES.uncordon);
    expect(world.cordoned).toBe(false);
  });

  test('adopts the cordon of an apiserver of Brupop 1.x when its agent repeats the request in the middle of the drain', async () => {
    await world.send(world.asAgent('POST', ROUTES.shadow));
    await world.send(world.asAgent('PUT', ROUTES.shadow, { body: { ...STATUS, current_state: 'StagedAndPerformedUpdate' } }));
    world.patchShadow({ spec: { state: 'RebootedIntoUpdate', version: '1.1.0' } });
    world.patchNode({ spec: { unschedulable: true } });
    await world.clock.advance(1_000);
    await step(ROUTES.cordonAndDrain, {});
    expect(JSON.parse(world.node().metadata.annotations?.[CORDONED_ANNOTATION] ?? '{}')).toMatchObject({ prior: null });
  });

  test('excludes from load balancers and undoes that', async () => {
    const done = await step(ROUTES.excludeFromLb);
    expect([done.json(), world.node().metadata.labels?.[EXCLUDE_FROM_LB_LABEL]]).toMatchObject([
      { done: true, since: '2026-01-05T00:00:00.000Z' },
      'True',
    ]);
    await step(ROUTES.removeExclusionFromLb);
    expect(world.node().metadata.labels?.[EXCLUDE_FROM_LB_LABEL]).toBeUndefined();
  });

  test('leaves an exclusion of an administrator', async () => {
    world.patchNode({ metadata: { labels: { [EXCLUDE_FROM_LB_LABEL]: 'True' } } });
    await step(ROUTES.excludeFromLb);
    await step(ROUTES.removeExclusionFromLb);
    expect(world.node().metadata.labels?.[EXCLUDE_FROM_LB_LABEL]).toBe('True');
  });

  test('reports the health of the node', async () => {
    const healthy = await world.send(world.asAgent('GET', ROUTES.health));
    expect(healthy.json()).toEqual({ healthy: true, problems: [], daemon_sets: [] });
  });
});

describe('metrics', () => {
  test('are served by a separate app, without a token', async () => {
    await world.send({ method: 'POST', url: ROUTES.cordonAndDrain });
    world.permit();
    world.addPod('web-0', 'node-1');
    world.clock.setTimer(2_000, () => {
      world.removePod('web-0');
    });
    for (const url of [ROUTES.excludeFromLb, ROUTES.cordonAndDrain, ROUTES.uncordon, ROUTES.removeExclusionFromLb])
      await world.send(world.asAgent('POST', url, { headers: ASYNC }));
    await world.send(world.asAgent('POST', ROUTES.shadow));
    await world.send(world.asAgent('GET', ROUTES.shadow));
    const response = await lightMyRequest(world.server.metricsApp as never, { method: 'GET', url: '/metrics' });
    expect(response.statusCode).toBe(200);
    expect(response.body).toMatch(/brupop_apiserver_denials_total\{reason="TOKEN_MISSING"\} 1/);
    expect(response.body).toMatch(/brupop_apiserver_requests_total\{[^}]*status="401"[^}]*\} 1/);
    expect(response.body).toMatch(/brupop_apiserver_held_polls 0/);
    expect(response.body).toMatch(/brupop_watched_objects\{resource="nodes"\} 2/);
    for (const took of ['exclude', 'drain', 'uncordon', 'include']) {
      expect(response.body).toContain(`brupop_apiserver_node_steps_total{step="${took}",outcome="done"} 1`);
    }
    expect(response.body).toContain('brupop_apiserver_evictions_total 1');
    const denials = world.log.entries.filter(({ message }) => message === 'Denying a request');
    expect(denials.map(({ level, fields }) => [level, fields['route'], fields['reason']])).toEqual([
      ['warn', ROUTES.cordonAndDrain, 'TOKEN_MISSING'],
    ]);
  });
});
