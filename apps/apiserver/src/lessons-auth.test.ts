import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { jsonResponse, textResponse } from '@brupop/ports';
import lightMyRequest, { type Response } from 'light-my-request';
import { ApiserverWorld, NAMESPACE } from './testing/apiserver-world.ts';

const RESOURCE = '/bottlerocket-node-resource';
const DRAIN = '/bottlerocket-node-resource/cordon-and-drain';
const AGENT = 'brupop-agent-service-account';
const AUDIENCE = 'brupop-apiserver';
const STATUS = { current_version: '1.0.0', target_version: '1.1.0', current_state: 'Idle', crash_count: 0 };

let world: ApiserverWorld;
beforeEach(async () => {
  world = await new ApiserverWorld().start();
});
afterEach(async () => {
  world.stopping.abort();
  await world.clock.settle();
});

type TokenRequest = Parameters<ApiserverWorld['api']['issueToken']>[0];

/** A token of the agent on node-1, with changes. */
function issue(change: Partial<TokenRequest> = {}): string {
  const pod = world.api.store.get({ group: '', resource: 'pods', namespace: NAMESPACE, name: 'agent-node-1' });
  return world.api.issueToken({
    serviceAccount: { namespace: NAMESPACE, name: AGENT },
    audiences: [AUDIENCE],
    pod: { name: 'agent-node-1', uid: pod?.metadata.uid ?? '' },
    ...change,
  });
}

function serviceAccount(namespace: string, name = AGENT): void {
  world.api.store.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } });
}

const drain = (token: string, headers: Record<string, string> = {}): Promise<Response> =>
  world.send({ method: 'POST', url: DRAIN, headers: { BrupopNodeName: 'node-1', BrupopK8sAuthToken: token, ...headers } });

async function expectDenied(response: Promise<Response>, status: number, code: string): Promise<void> {
  const { statusCode, json } = await response;
  expect([statusCode, json()]).toMatchObject([status, { error: { code } }]);
  expect([world.cordoned, world.shadow()]).toEqual([false, undefined]);
}

describe('lessons §5.1: a token is valid only for the node of the pod that it was issued to', () => {
  test('a token of the agent on the node is accepted', async () => {
    world.permit();
    expect((await drain(issue())).statusCode).toBe(200);
    expect(world.cordoned).toBe(true);
  });

  test('a token of a pod in another namespace with the names of an agent and its ServiceAccount is denied', async () => {
    serviceAccount('shop');
    const pod = world.addPod('agent-node-1', 'node-1', 'shop', { labels: { 'brupop.bottlerocket.aws/component': 'agent' } });
    const token = issue({ serviceAccount: { namespace: 'shop', name: AGENT }, pod: { name: 'agent-node-1', uid: pod.metadata.uid } });
    await expectDenied(drain(token), 403, 'SERVICE_ACCOUNT_MISMATCH');
  });

  test('a token of another ServiceAccount in our namespace, on a pod labelled as an agent, is denied', async () => {
    serviceAccount(NAMESPACE, 'intruder');
    const pod = world.addPod('agent-x', 'node-1', NAMESPACE, { labels: { 'brupop.bottlerocket.aws/component': 'agent' } });
    const token = issue({ serviceAccount: { namespace: NAMESPACE, name: 'intruder' }, pod: { name: 'agent-x', uid: pod.metadata.uid } });
    await expectDenied(drain(token), 403, 'SERVICE_ACCOUNT_MISMATCH');
  });

  test.each([
    { labels: {} },
    { labels: { 'brupop.bottlerocket.aws/component': 'apiserver' } },
    { labels: { 'brupop.bottlerocket.aws/component': 'controller' } },
  ])("a token of the agents' ServiceAccount on a pod that is not an agent is denied: $labels", async ({ labels }) => {
    const pod = world.addPod('other', 'node-1', NAMESPACE, { labels });
    await world.clock.advance(1_000);
    await expectDenied(drain(issue({ pod: { name: 'other', uid: pod.metadata.uid } })), 403, 'POD_UNKNOWN');
  });

  test('a token that is not bound to a pod is denied', async () => {
    const unbound = { serviceAccount: { namespace: NAMESPACE, name: AGENT }, audiences: [AUDIENCE] };
    await expectDenied(drain(world.api.issueToken(unbound)), 403, 'POD_CLAIM_MISSING');
  });

  test('a token of a deleted pod is denied, even if it was accepted before', async () => {
    const token = issue();
    await world.send({ method: 'GET', url: RESOURCE, headers: { BrupopNodeName: 'node-1', BrupopK8sAuthToken: token } });
    world.api.store.delete({ group: '', resource: 'pods', namespace: NAMESPACE, name: 'agent-node-1' }, { gracePeriodSeconds: 0 });
    await world.clock.advance(1_000);
    await expectDenied(drain(token), 403, 'POD_UNKNOWN');
  });

  test('a token of a pod that was recreated under the same name is denied', async () => {
    const token = issue();
    await world.send({ method: 'GET', url: RESOURCE, headers: { BrupopNodeName: 'node-1', BrupopK8sAuthToken: token } });
    world.api.store.delete({ group: '', resource: 'pods', namespace: NAMESPACE, name: 'agent-node-1' }, { gracePeriodSeconds: 0 });
    world.addPod('agent-node-1', 'node-1', NAMESPACE, { labels: { 'brupop.bottlerocket.aws/component': 'agent' } });
    await world.clock.advance(1_000);
    await expectDenied(drain(token), 403, 'POD_UID_MISMATCH');
  });

  test.each([
    { name: 'for another node', headers: { BrupopNodeName: 'node-2' }, status: 403, code: 'NODE_MISMATCH' },
    { name: 'for another node, sent twice', headers: { BrupopNodeName: 'node-1, node-2' }, status: 403, code: 'NODE_NAME_INVALID' },
    { name: 'for no node', headers: { BrupopNodeName: '' }, status: 403, code: 'NODE_NAME_INVALID' },
    {
      name: 'for a node name that would change the request path',
      headers: { BrupopNodeName: 'node-1/../node-2' },
      status: 403,
      code: 'NODE_NAME_INVALID',
    },
    { name: 'for a node name that is too long', headers: { BrupopNodeName: 'n'.repeat(254) }, status: 403, code: 'NODE_NAME_INVALID' },
  ])('a token is denied $name', async ({ headers, status, code }) => {
    await expectDenied(drain(issue(), headers), status, code);
  });

  test.each([
    { name: 'has expired', token: () => issue({ expiresAfterMs: -1_000 }), code: 'TOKEN_EXPIRED' },
    { name: 'is for another audience', token: () => issue({ audiences: ['vault'] }), code: 'TOKEN_REJECTED' },
    { name: 'is for Kubernetes itself', token: () => issue({ audiences: ['https://kubernetes.default.svc'] }), code: 'TOKEN_REJECTED' },
    { name: 'is sent twice', token: () => `${issue()}, ${issue()}`, code: 'TOKEN_MALFORMED' },
    { name: 'is too long', token: () => 'a'.repeat(16_385), code: 'TOKEN_MALFORMED' },
    { name: 'is empty', token: () => '', code: 'TOKEN_MISSING' },
  ])('a token that $name is denied', async ({ token, code }) => {
    await expectDenied(drain(token()), 401, code);
  });

  test('an accepted token stays valid for 20 minutes, even while the Kubernetes API is unavailable, and no longer', async () => {
    const token = issue();
    // With an entity tag, because a first read would go to the Kubernetes API.
    const headers = { BrupopNodeName: 'node-1', BrupopK8sAuthToken: token, 'if-none-match': '"1"' };
    const get = (): Promise<Response> => world.send({ method: 'GET', url: RESOURCE, headers });
    await world.send({ method: 'POST', url: RESOURCE, headers: { BrupopNodeName: 'node-1', BrupopK8sAuthToken: token } });
    await world.clock.advance(1_000);
    world.api.faults.beforeRequest = () => textResponse(500, 'down');
    await world.clock.advance(19 * 60_000);
    expect((await get()).statusCode).toBe(200);
    await world.clock.advance(2 * 60_000);
    const late = await get();
    expect([late.statusCode, late.json()]).toMatchObject([503, { error: { code: 'KUBERNETES_UNAVAILABLE' } }]);
  });
});

describe('lessons §5.2: the UID of a node', () => {
  test('is checked if it is sent', async () => {
    await expectDenied(drain(issue(), { BrupopNodeUid: '00000000-0000-4000-8000-000000000000' }), 403, 'NODE_UID_MISMATCH');
    await expectDenied(drain(issue(), { BrupopNodeUid: 'no uid!' }), 403, 'NODE_UID_INVALID');
  });

  test('comes from the Node, not from the request, when a shadow is created', async () => {
    const response = await world.send({
      method: 'POST',
      url: RESOURCE,
      headers: { BrupopNodeName: 'node-1', BrupopK8sAuthToken: issue() },
      payload: { node_selector: { node_name: 'node-1', node_uid: 'made-up' } },
    });
    expect(response.statusCode).toBe(200);
    expect(world.shadow()?.metadata.ownerReferences).toMatchObject([{ kind: 'Node', uid: world.node().metadata.uid }]);
  });

  test('is corrected on the shadow of an earlier node of the same name, which garbage collection would delete', async () => {
    const ask = (): Promise<Response> =>
      world.send({ method: 'POST', url: RESOURCE, headers: { BrupopNodeName: 'node-1', BrupopK8sAuthToken: issue() } });
    await ask();
    world.patchShadow({ metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: 'earlier' }] } });
    await ask();
    expect(world.shadow()?.metadata.ownerReferences).toMatchObject([{ kind: 'Node', name: 'node-1', uid: world.node().metadata.uid }]);
  });
});

describe('lessons §5.4: metrics', () => {
  test('need no token, and are not on the port for agents', async () => {
    const scraped = await lightMyRequest(world.server.metricsApp as never, { method: 'GET', url: '/metrics' });
    expect([scraped.statusCode, scraped.headers['content-type']]).toEqual([200, expect.stringContaining('text/plain')]);
    expect((await world.send({ method: 'GET', url: '/metrics' })).statusCode).toBe(404);
  });
});

describe('lessons §5.5: every failure has a specific status, and only our own faults are a 500', () => {
  const as = (headers: object = {}): Record<string, string> => ({ BrupopNodeName: 'node-1', BrupopK8sAuthToken: issue(), ...headers });

  test.each([
    { name: 'no headers', request: () => ({ method: 'POST' as const, url: DRAIN }), status: 401, code: 'TOKEN_MISSING' },
    {
      name: 'no node name',
      request: () => ({ method: 'POST' as const, url: DRAIN, headers: { BrupopK8sAuthToken: issue() } }),
      status: 403,
      code: 'NODE_NAME_INVALID',
    },
    {
      name: 'a status that is not JSON',
      request: () => ({ method: 'PUT' as const, url: RESOURCE, headers: as(), payload: '{"a":' }),
      status: 400,
      code: 'BODY_MALFORMED',
    },
    {
      name: 'a status with another content type',
      request: () => ({ method: 'PUT' as const, url: RESOURCE, headers: as({ 'content-type': 'text/plain' }), payload: 'idle' }),
      status: 400,
      code: 'BODY_MALFORMED',
    },
    {
      name: 'a status in an unknown encoding',
      request: () => ({ method: 'PUT' as const, url: RESOURCE, headers: as({ 'content-encoding': 'lzma' }), payload: '{}' }),
      status: 415,
      code: 'BODY_ENCODING',
    },
    {
      name: 'a status that is a list',
      request: () => ({ method: 'PUT' as const, url: RESOURCE, headers: as(), payload: '[]' }),
      status: 400,
      code: 'BODY_INVALID',
    },
    {
      name: 'a status before the shadow exists',
      request: () => ({ method: 'PUT' as const, url: RESOURCE, headers: as(), payload: STATUS }),
      status: 404,
      code: 'SHADOW_NOT_FOUND',
    },
    {
      name: 'a method that the route does not have',
      request: () => ({ method: 'DELETE' as const, url: RESOURCE, headers: as() }),
      status: 405,
      code: 'METHOD_NOT_ALLOWED',
    },
    { name: 'an unknown path', request: () => ({ method: 'GET' as const, url: '/x' }), status: 404, code: 'ROUTE_UNKNOWN' },
  ])('$name: $status $code', async ({ request, status, code }) => {
    await expectDenied(world.send(request()), status, code);
  });

  test.each([
    { name: 'is unavailable', answer: () => textResponse(500, 'down'), code: 'KUBERNETES_UNAVAILABLE' },
    {
      name: 'is overloaded',
      answer: () => jsonResponse(429, { kind: 'Status', code: 429, reason: 'TooManyRequests' }),
      code: 'KUBERNETES_UNAVAILABLE',
    },
  ])('a Kubernetes API that $name: 503, with Retry-After', async ({ answer, code }) => {
    world.api.faults.beforeRequest = answer;
    const response = await drain(issue());
    expect([response.statusCode, response.headers['retry-after'], response.json()]).toMatchObject([503, '5', { error: { code } }]);
  });

  test('denials are counted by reason', async () => {
    await drain('');
    await drain(issue(), { BrupopNodeName: 'node-2' });
    const { body } = await lightMyRequest(world.server.metricsApp as never, { method: 'GET', url: '/metrics' });
    expect(body).toContain('brupop_apiserver_denials_total{reason="TOKEN_MISSING"} 1');
    expect(body).toContain('brupop_apiserver_denials_total{reason="NODE_MISMATCH"} 1');
    expect(body).toContain('brupop_apiserver_denials_total{reason="POD_UID_MISMATCH"} 0');
  });
});

describe('lessons §5.6: the conversion webhook, which is public', () => {
  const review = (objects: unknown[]): object => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    request: { uid: 'r', desiredAPIVersion: 'brupop.bottlerocket.aws/v2', objects },
  });
  const convert = (payload: string | object, headers: Record<string, string> = {}): Promise<Response> =>
    world.send({ method: 'POST', url: '/crdconvert', payload, headers });

  test.each([
    { name: 'a body that is not JSON', payload: 'secret-of-a-client' },
    { name: 'an object with a secret', payload: review([{ kind: 'secret-of-a-client', data: 'secret-of-a-client' }]) },
    { name: 'an empty body', payload: '' },
    { name: 'a form', payload: 'a=secret-of-a-client', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  ])('responds with 200 to $name, and logs none of its content', async ({ payload, headers = {} }) => {
    const response = await convert(payload, headers);
    expect([response.statusCode, response.json()]).toMatchObject([200, { response: { result: { status: 'Failed' } } }]);
    expect(JSON.stringify(world.log.entries)).not.toContain('secret-of-a-client');
  });

  test('rejects a body beyond 16 MB, and a compressed body', async () => {
    expect((await convert('x'.repeat(16_000_001))).statusCode).toBe(413);
    expect((await convert('x', { 'content-encoding': 'gzip' })).statusCode).toBe(415);
  });

  test('reserves memory for at most two of the largest reviews at a time, while single objects are still converted', async () => {
    const unfinished = (): Readable => new Readable({ read: () => undefined });
    const bodies = [unfinished(), unfinished(), unfinished()] as const;
    const [, , third] = bodies.map((payload) => world.begin({ method: 'POST', url: '/crdconvert', payload }));
    for (const body of bodies) for (let at = 0; at < 150; at++) body.push(Buffer.alloc(100_000, ' '));
    await world.clock.advance(0);
    expect([third?.value?.statusCode, third?.value?.json()]).toMatchObject([503, { error: { code: 'TOO_MANY_REVIEWS' } }]);
    expect((await convert(review([]))).json()).toMatchObject({ response: { result: { status: 'Success' } } });
  });
});

describe('lessons §5.9: readiness', () => {
  test.each([
    { name: 'Nodes', path: '/api/v1/nodes' },
    { name: 'agent pods', path: '/api/v1/namespaces/brupop-bottlerocket-aws/pods' },
  ])('requires that $name have been listed, while liveness does not', async ({ path }) => {
    const { api, clock } = world;
    api.faults.beforeRequest = (request) => (request.path.startsWith(path) ? textResponse(500, 'down') : undefined);
    const late = new ApiserverWorld([], { api, clock });
    void late.server.run(late.stopping.signal);
    await clock.advance(60_000);
    const before = await late.send({ method: 'GET', url: '/readyz' });
    expect([before.statusCode, before.json()]).toMatchObject([503, { error: { code: 'NOT_READY' } }]);
    expect((await late.send({ method: 'GET', url: '/ping' })).body).toBe('pong');
    api.faults.beforeRequest = () => undefined;
    await clock.advance(60_000);
    expect((await late.send({ method: 'GET', url: '/readyz' })).statusCode).toBe(200);
    late.stopping.abort();
  });

  test('does not require shadows: where they are stored as v1, only a ready replica can convert them', async () => {
    const { api, clock } = world;
    const late = new ApiserverWorld([], { api, clock });
    const isConverted = (path: string): boolean => path.startsWith('/apis/brupop.bottlerocket.aws/v2/') && !late.server.ready();
    api.faults.beforeRequest = ({ path }) => (isConverted(path) ? textResponse(500, 'conversion webhook failed') : undefined);
    await late.start();
    expect((await late.send({ method: 'GET', url: '/readyz' })).statusCode).toBe(200);
    late.stopping.abort();
  });
});
