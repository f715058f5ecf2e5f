import { describe, expect, test } from '@jest/globals';
import { aNode, aReadyPod, anApi } from '../api-fixture.ts';
import type { Answer, Fixture } from '../api-fixture.ts';
import { valueAt } from '../types.ts';

const ACCOUNT = '/api/v1/namespaces/default/serviceaccounts/agent';
const AUDIENCE = 'brupop-apiserver';

function aCluster(): Fixture & {
  ask: (spec?: object) => Promise<Answer>;
  review: (token: unknown, audiences?: string[]) => Promise<Answer>;
} {
  const fixture = anApi();
  fixture.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'agent', namespace: 'default' } });
  fixture.create(aNode('n1'));
  fixture.create(aReadyPod('agent-1'));
  return {
    ...fixture,
    ask: (spec = {}) => fixture.call('POST', `${ACCOUNT}/token`, { spec: { audiences: [AUDIENCE], ...spec } }),
    review: (token, audiences) =>
      fixture.call('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token, ...(audiences && { audiences }) } }),
  };
}

const bound = { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'agent-1' } };
const tokenOf = ({ body }: Answer): unknown => valueAt(body, 'status.token');

describe('TokenRequest', () => {
  test('reports when the token expires', async () => {
    const { ask } = aCluster();
    const { status, body } = await ask({ expirationSeconds: 3600 });
    expect(status).toBe(201);
    expect(body).toMatchObject({ kind: 'TokenRequest', status: { expirationTimestamp: '2026-01-05T01:00:00Z' } });
  });

  test.each([
    { name: 'less than ten minutes', spec: { expirationSeconds: 60 }, status: 422 },
    { name: 'a pod that does not exist', spec: { boundObjectRef: { kind: 'Pod', name: 'none' } }, status: 404 },
    { name: 'a pod with another uid', spec: { boundObjectRef: { kind: 'Pod', name: 'agent-1', uid: 'other' } }, status: 409 },
  ])('rejects $name', async ({ spec, status }) => {
    expect((await aCluster().ask(spec)).status).toBe(status);
  });

  test('rejects an account that does not exist', async () => {
    expect((await aCluster().call('POST', '/api/v1/namespaces/default/serviceaccounts/none/token', { spec: {} })).status).toBe(404);
  });
});

describe('TokenReview', () => {
  test('names the account, the pod and its node', async () => {
    const { api, ask, review } = aCluster();
    const pod = api.store.get({ group: '', resource: 'pods', namespace: 'default', name: 'agent-1' });
    const node = api.store.get({ group: '', resource: 'nodes', name: 'n1' });
    const { status, body } = await review(tokenOf(await ask(bound)), [AUDIENCE]);
    expect(status).toBe(201);
    expect(body['status']).toMatchObject({
      authenticated: true,
      audiences: [AUDIENCE],
      user: {
        username: 'system:serviceaccount:default:agent',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
        extra: {
          'authentication.kubernetes.io/pod-name': ['agent-1'],
          'authentication.kubernetes.io/pod-uid': [pod?.metadata.uid],
          'authentication.kubernetes.io/node-name': ['n1'],
          'authentication.kubernetes.io/node-uid': [node?.metadata.uid],
          'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^JTI=[0-9a-f-]{36}$/)],
        },
      },
    });
  });

  test('rejects a token for another audience', async () => {
    const { ask, review } = aCluster();
    const { body } = await review(tokenOf(await ask()), ['other']);
    expect(body['status']).toEqual({
      user: {},
      error: '[invalid bearer token, token audiences ["brupop-apiserver"] is invalid for the target audiences ["other"]]',
    });
  });

  test('assumes the audience of the API when none is given, as old clients do', async () => {
    const { api, ask, review } = aCluster();
    expect(valueAt((await review(tokenOf(await ask()))).body, 'status.authenticated')).toBeUndefined();
    const own = api.issueToken({ serviceAccount: { namespace: 'default', name: 'agent' } });
    expect(valueAt((await review(own)).body, 'status.authenticated')).toBe(true);
  });

  test.each([
    {
      name: 'has expired',
      spoil: async ({ clock }: Fixture): Promise<void> => {
        await clock.advance(3_600_000);
      },
    },
    {
      name: 'belongs to a deleted pod',
      spoil: ({ api }: Fixture): Promise<void> => {
        api.store.delete({ group: '', resource: 'pods', namespace: 'default', name: 'agent-1' }, { gracePeriodSeconds: 0 });
        return Promise.resolve();
      },
    },
    {
      name: 'belongs to a pod that was replaced under the same name',
      spoil: ({ api, create }: Fixture): Promise<void> => {
        api.store.delete({ group: '', resource: 'pods', namespace: 'default', name: 'agent-1' }, { gracePeriodSeconds: 0 });
        create(aReadyPod('agent-1'));
        return Promise.resolve();
      },
    },
    {
      name: 'belongs to a deleted account',
      spoil: ({ api }: Fixture): Promise<void> => {
        api.store.delete({ group: '', resource: 'serviceaccounts', namespace: 'default', name: 'agent' });
        return Promise.resolve();
      },
    },
  ])('rejects a token that $name', async ({ spoil }) => {
    const cluster = aCluster();
    const token = tokenOf(await cluster.ask(bound));
    await spoil(cluster);
    const { body } = await cluster.review(token, [AUDIENCE]);
    expect(valueAt(body, 'status.authenticated')).toBeUndefined();
    expect(valueAt(body, 'status.error')).toMatch(/^\[invalid bearer token, /);
  });

  test('rejects a token with a wrong signature', async () => {
    const { ask, review } = aCluster();
    const [header, , signature] = String(tokenOf(await ask())).split('.');
    const payload = Buffer.from(JSON.stringify({ sub: 'system:serviceaccount:default:admin', exp: 9e9, aud: [AUDIENCE] })).toString(
      'base64url',
    );
    const { body } = await review([header, payload, signature].join('.'), [AUDIENCE]);
    expect(body['status']).toEqual({ user: {}, error: 'invalid bearer token' });
  });

  test('a token for another audience is not accepted by the API itself', async () => {
    const { ask, call } = aCluster();
    expect((await call('GET', '/api', undefined, { token: String(tokenOf(await ask())) })).status).toBe(401);
  });
});
