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

/** A token of the agent on node-1, but for what is changed. */
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

describe('lessons §5.1: a token is good only for the node of the very pod that it was issued to', () => {
  test('that of the genuine agent is', async () => {
    world.permit();
    expect((await drain(issue())).statusCode).toBe(200);
    expect(world.cordoned).toBe(true);
  });

  test('that of a pod of another namespace with the names of an agent and its ServiceAccount is not', async () => {
    serviceAccount('shop');
    const pod = world.addPod('agent-node-1', 'node-1', 'shop', { labels: { 'brupop.bottlerocket.aws/component': 'agent' } });
    const token = issue({ serviceAccount: { namespace: 'shop', name: AGENT }, pod: { name: 'agent-node-1', uid: pod.metadata.uid } });
    await expectDenied(drain(token), 403, 'SERVICE_ACCOUNT_MISMATCH');
  });

  test('that of another ServiceAccount in our namespace, on a pod dressed up as an agent, is not', async () => {
    serviceAccount(NAMESPACE, 'intruder');
    const pod = world.addPod('agent-x', 'node-1', NAMESPACE, { labels: { 'brupop.bottlerocket.aws/component': 'agent' } });
    const token = issue({ serviceAccount: { namespace: NAMESPACE, name: 'intruder' }, pod: { name: 'agent-x', uid: pod.metadata.uid } });
    await expectDenied(drain(token), 403, 'SERVICE_ACCOUNT_MISMATCH');
  });

  test.each([
    { labels: {} },
    { labels: { 'brupop.bottlerocket.aws/component': 'apiserver' } },
    { labels: { 'brupop.bottlerocket.aws/component': 'controller' } },
  ])("that of the agents' ServiceAccount on a pod that is no agent is not: $labels", async ({ labels }) => {
    const pod = world.addPod('other', 'node-1', NAMESPACE, { labels });
    await world.clock.advance(1_000);
    await expectDenied(drain(issue({ pod: { name: 'other', uid: pod.metadata.uid } })), 403, 'POD_UNKNOWN');
  });

  test('one that is bound to no pod is not', async () => {
    const unbound = { serviceAccount: { namespace: NAMESPACE, name: AGENT }, audiences: [AUDIENCE] };
    await expectDenied(drain(world.api.issueToken(unbound)), 403, 'POD_CLAIM_MISSING');
  });

  test('that of a pod that has been deleted is not, however well it was known', async () => {
    const token = issue();
    await world.send({ method: 'GET', url: RESOURCE, headers: { BrupopNodeName: 'node-1', BrupopK8sAuthToken: token } });
    world.api.store.delete({ group: '', resource: 'pods', namespace: NAMESPACE, name: 'agent-node-1' }, { gracePeriodSeconds: 0 });
    await world.clock.advance(1_000);
    await expectDenied(drain(token), 403, 'POD_UNKNOWN');
  });

  test('that of a pod that was made again under its name is not', async () => {
    const token = issue();
    await world.send({ method: 'GET', url: RESOURCE, headers: { BrupopNodeName: 'node-1', BrupopK8sAuthToken: token } });
    world.api.store.delete({ group: '', resource: 'pods', namespace: NAMESPACE, name: 'agent-node-1' }, { gracePeriodSeconds: 0 });
    world.addPod('agent-node-1', 'node-1', NAMESPACE, { labels: { 'brupop.bottlerocket.aws/component': 'agent' } });
    await world.clock.advance(1_000);
    await expectDenied(drain(token), 403, 'POD_UID_MISMATCH');
  });

  test.each([
    { name: 'for another node', headers: { BrupopNodeName: 'node-2' }, status: 403, code: 'NODE_MISMATCH' },
    { name: 'for another node, given twice', headers: { BrupopNodeName: 'node-1, node-2' }, status: 403, code: 'NODE_NAME_INVALID' },
    { name: 'for no node', headers: { BrupopNodeName: '' }, status: 403, code: 'NODE_NAME_INVALID' },
    {
      name: 'for a node that leads to another path',
      headers: { BrupopNodeName: 'node-1/../node-2' },
      status: 403,
      code: 'NODE_NAME_INVALID',
    },
    { name: 'for a name beyond all measure', headers: { BrupopNodeName: 'n'.repeat(254) }, status: 403, code: 'NODE_NAME_INVALID' },
  ])('it is not good $name', async ({ headers, status, code }) => {
    await expectDenied(drain(issue(), headers), status, code);
  });

  test.each([
    { name: 'has expired', token: () => issue({ expiresAfterMs: -1_000 }), code: 'TOKEN_EXPIRED' },
    { name: 'is for another audience', token: () => issue({ audiences: ['vault'] }), code: 'TOKEN_REJECTED' },
    { name: 'is for Kubernetes itself', token: () => issue({ audiences: ['https://kubernetes.default.svc'] }), code: 'TOKEN_REJECTED' },
    { name: 'is sent twice', token: () => `${issue()}, ${issue()}`, code: 'TOKEN_MALFORMED' },
    { name: 'is beyond all measure', token: () => 'a'.repeat(16_385), code: 'TOKEN_MALFORMED' },
    { name: 'is empty', token: () => '', code: 'TOKEN_MISSING' },
  ])('one that $name is no token', async ({ token, code }) => {
    await expectDenied(drain(token()), 401, code);
  });

  test('an accepted one is believed for 20 minutes, even while the Kubernetes API is away, and no longer', async () => {
    const token = issue();
    // It has read the shadow before: a first read would be one of the Kubernetes API.
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
  test('is checked when it is sent', async () => {
    await expectDenied(drain(issue(), { BrupopNodeUid: '00000000-0000-4000-8000-000000000000' }), 403, 'NODE_UID_MISMATCH');
    await expectDenied(drain(issue(), { BrupopNodeUid: 'no uid!' }), 403, 'NODE_UID_INVALID');
  });

  test('is taken from the Node, not from the request, when a shadow is made', async () => {
    const response = await world.send({
      method: 'POST',
      url: RESOURCE,
      headers: { BrupopNodeName: 'node-1', BrupopK8sAuthToken: issue() },
      payload: { node_selector: { node_name: 'node-1', node_uid: 'made-up' } },
    });
    expect(response.statusCode).toBe(200);
    expect(world.shadow()?.metadata.ownerReferences).toMatchObject([{ kind: 'Node', uid: world.node().metadata.uid }]);
  });

  test('is put right on the shadow of an earlier node of the name, which garbage collection would delete', async () => {
    const ask = (): Promise<Response> =>
      world.send({ method: 'POST', url: RESOURCE, headers: { BrupopNodeName: 'node-1', BrupopK8sAuthToken: issue() } });
    await ask();
    world.patchShadow({ metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: 'earlier' }] } });
    await ask();
    expect(world.shadow()?.metadata.ownerReferences).toMatchObject([{ kind: 'Node', name: 'node-1', uid: world.node().metadata.uid }]);
  });
});

describe('lessons §5.4: metrics', () => {
  test('need no token, and are not on the port of the agents', async () => {
    const scraped = await lightMyRequest(world.server.metricsApp as never, { method: 'GET', url: '/metrics' });
    expect([scraped.statusCode, scraped.headers['content-type']]).toEqual([200, expect.stringContaining('text/plain')]);
    expect((await world.send({ method: 'GET', url: '/metrics' })).statusCode).toBe(404);
  });
});

describe('lessons §5.5: every failure has a status of its own, and none that is not ours is a 500', () => {
  const as = (headers: object = {}): Record<string, string> => ({ BrupopNodeName: 'node-1', BrupopK8sAuthToken: issue(), ...headers });

  test.each([
    { name: 'no header at all', request: () => ({ method: 'POST' as const, url: DRAIN }), status: 401, code: 'TOKEN_MISSING' },
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
      name: 'a status of another kind of content',
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
      name: 'a status before there is a shadow',
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
    { name: 'a path that there is not', request: () => ({ method: 'GET' as const, url: '/x' }), status: 404, code: 'ROUTE_UNKNOWN' },
  ])('$name: $status $code', async ({ request, status, code }) => {
    await expectDenied(world.send(request()), status, code);
  });

  test.each([
    { name: 'is down', answer: () => textResponse(500, 'down'), code: 'KUBERNETES_UNAVAILABLE' },
    {
      name: 'is busy',
      answer: () => jsonResponse(429, { kind: 'Status', code: 429, reason: 'TooManyRequests' }),
      code: 'KUBERNETES_UNAVAILABLE',
    },
  ])('a Kubernetes API that $name: 503, with when to come back', async ({ answer, code }) => {
    world.api.faults.beforeRequest = answer;
    const response = await drain(issue());
    expect([response.statusCode, response.headers['retry-after'], response.json()]).toMatchObject([503, '5', { error: { code } }]);
  });

  test('each denial is counted by its reason', async () => {
    await drain('');
    await drain(issue(), { BrupopNodeName: 'node-2' });
    const { body } = await lightMyRequest(world.server.metricsApp as never, { method: 'GET', url: '/metrics' });
    expect(body).toContain('brupop_apiserver_denials_total{reason="TOKEN_MISSING"} 1');
    expect(body).toContain('brupop_apiserver_denials_total{reason="NODE_MISMATCH"} 1');
    expect(body).toContain('brupop_apiserver_denials_total{reason="POD_UID_MISMATCH"} 0');
  });
});

describe('lessons §5.6: the conversion webhook, which is open to everyone', () => {
  const review = (objects: unknown[]): object => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    request: { uid: 'r', desiredAPIVersion: 'brupop.bottlerocket.aws/v2', objects },
  });
  const convert = (payload: string | object, headers: Record<string, string> = {}): Promise<Response> =>
    world.send({ method: 'POST', url: '/crdconvert', payload, headers });

  test.each([
    { name: 'what is not JSON', payload: 'secret-of-a-stranger' },
    { name: 'an object with a secret', payload: review([{ kind: 'secret-of-a-stranger', data: 'secret-of-a-stranger' }]) },
    { name: 'nothing', payload: '' },
    { name: 'a form', payload: 'a=secret-of-a-stranger', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  ])('answers 200 to $name, and logs nothing of it', async ({ payload, headers = {} }) => {
    const response = await convert(payload, headers);
    expect([response.statusCode, response.json()]).toMatchObject([200, { response: { result: { status: 'Failed' } } }]);
    expect(JSON.stringify(world.log.entries)).not.toContain('secret-of-a-stranger');
  });

  test('refuses a body beyond 16 MB, and one that would become larger here', async () => {
    expect((await convert('x'.repeat(16_000_001))).statusCode).toBe(413);
    expect((await convert('x', { 'content-encoding': 'gzip' })).statusCode).toBe(415);
  });

  test('holds no more than two of the largest reviews at a time, while single objects still get through', async () => {
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
  ])('comes only when $name have been listed, though the replica lives before', async ({ path }) => {
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

  test('does not wait for shadows: where they are stored as v1, it takes a ready replica to list them', async () => {
    const { api, clock } = world;
    const late = new ApiserverWorld([], { api, clock });
    const isConverted = (path: string): boolean => path.startsWith('/apis/brupop.bottlerocket.aws/v2/') && !late.server.ready();
    api.faults.beforeRequest = ({ path }) => (isConverted(path) ? textResponse(500, 'conversion webhook failed') : undefined);
    await late.start();
    expect((await late.send({ method: 'GET', url: '/readyz' })).statusCode).toBe(200);
    late.stopping.abort();
  });
});
