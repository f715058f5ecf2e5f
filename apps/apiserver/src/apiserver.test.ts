import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { HEADERS, ROUTES } from '@brupop/agent-api';
import { AGENT_SERVICE_ACCOUNT, GROUP, TOKEN_AUDIENCE } from '@brupop/crd-models';
import { textResponse } from '@brupop/ports';
import lightMyRequest from 'light-my-request';
import { ApiserverWorld } from './testing/apiserver-world.ts';

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
