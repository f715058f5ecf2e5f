import { describe, expect, test } from '@jest/globals';
import { aNode, aPod, anApi } from '../api-fixture.ts';
import type { Fixture } from '../api-fixture.ts';

const RBAC = 'rbac.authorization.k8s.io/v1';
const SUBJECT = { kind: 'ServiceAccount', name: 'robot', namespace: 'default' };
const USER = 'system:serviceaccount:default:robot';

function grant(
  fixture: Fixture,
  kind: 'Role' | 'ClusterRole',
  rules: object[],
  subjects: object[] = [SUBJECT],
  namespace = 'default',
): void {
  const metadata = { name: 'granted', ...(kind === 'Role' && { namespace }) };
  fixture.create({ apiVersion: RBAC, kind, metadata, ...{ rules } });
  fixture.create({ apiVersion: RBAC, kind: `${kind}Binding`, metadata, ...{ roleRef: { kind, name: 'granted' }, subjects } });
}

const aRobot = (fixture: Fixture): { token: string } => ({
  token: fixture.api.issueToken({ serviceAccount: { namespace: 'default', name: 'robot' } }),
});

describe('without permission', () => {
  test.each([
    {
      method: 'GET' as const,
      path: '/api/v1/namespaces/default/pods',
      message: `pods is forbidden: User "${USER}" cannot list resource "pods" in API group "" in the namespace "default"`,
    },
    {
      method: 'GET' as const,
      path: '/api/v1/nodes/n1',
      message: `nodes "n1" is forbidden: User "${USER}" cannot get resource "nodes" in API group "" at the cluster scope`,
    },
    {
      method: 'POST' as const,
      path: '/api/v1/namespaces/default/pods/p/eviction',
      message: `pods "p" is forbidden: User "${USER}" cannot create resource "pods/eviction" in API group "" in the namespace "default"`,
    },
    {
      method: 'GET' as const,
      path: '/apis/apps/v1/deployments?watch=true',
      message: `deployments.apps is forbidden: User "${USER}" cannot watch resource "deployments" in API group "apps" at the cluster scope`,
    },
    { method: 'GET' as const, path: '/metrics', message: `forbidden: User "${USER}" cannot get path "/metrics"` },
  ])('$method $path is 403 with a message', async ({ method, path, message }) => {
    const fixture = anApi();
    expect(await fixture.call(method, path, method === 'POST' ? {} : undefined, aRobot(fixture))).toMatchObject({
      status: 403,
      body: { kind: 'Status', reason: 'Forbidden', message },
    });
  });
});

describe('rules', () => {
  test.each([
    {
      name: 'verbs, groups and resources',
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
      path: '/pods/p',
      status: 200,
    },
    { name: 'wildcards', rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }], path: '/pods', status: 200 },
    { name: 'another verb', rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }], path: '/pods', status: 403 },
    { name: 'another group', rules: [{ apiGroups: ['apps'], resources: ['pods'], verbs: ['get'] }], path: '/pods/p', status: 403 },
    {
      name: 'resourceNames',
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'], resourceNames: ['p'] }],
      path: '/pods/p',
      status: 200,
    },
    {
      name: 'other resourceNames',
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'], resourceNames: ['q'] }],
      path: '/pods/p',
      status: 403,
    },
    {
      name: 'resourceNames and a list of that name',
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'], resourceNames: ['p'] }],
      path: '/pods?fieldSelector=metadata.name%3Dp',
      status: 200,
    },
    {
      name: 'a subresource apart from its resource',
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
      path: '/pods/p/status',
      status: 403,
    },
    {
      name: 'a subresource by name',
      rules: [{ apiGroups: [''], resources: ['pods/status'], verbs: ['get'] }],
      path: '/pods/p/status',
      status: 200,
    },
    {
      name: 'a subresource of everything',
      rules: [{ apiGroups: [''], resources: ['*/status'], verbs: ['get'] }],
      path: '/pods/p/status',
      status: 200,
    },
  ])('match $name', async ({ rules, path, status }) => {
    const fixture = anApi();
    fixture.create(aPod('p'));
    grant(fixture, 'Role', rules);
    expect((await fixture.call('GET', `/api/v1/namespaces/default${path}`, undefined, aRobot(fixture))).status).toBe(status);
  });

  test('of a Role apply in its namespace only, those of a ClusterRole everywhere', async () => {
    const rules = [{ apiGroups: [''], resources: ['pods', 'nodes'], verbs: ['list'] }];
    const local = anApi();
    grant(local, 'Role', rules);
    expect((await local.call('GET', '/api/v1/namespaces/kube-system/pods', undefined, aRobot(local))).status).toBe(403);
    expect((await local.call('GET', '/api/v1/pods', undefined, aRobot(local))).status).toBe(403);
    const everywhere = anApi();
    everywhere.create(aNode('n1'));
    grant(everywhere, 'ClusterRole', rules);
    expect((await everywhere.call('GET', '/api/v1/namespaces/kube-system/pods', undefined, aRobot(everywhere))).status).toBe(200);
    expect((await everywhere.call('GET', '/api/v1/nodes', undefined, aRobot(everywhere))).status).toBe(200);
  });

  test('may name groups and users', async () => {
    const rules = [{ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }];
    const fixture = anApi();
    grant(fixture, 'ClusterRole', rules, [
      { kind: 'Group', name: 'system:serviceaccounts:default' },
      { kind: 'User', name: 'jane' },
    ]);
    expect((await fixture.call('GET', '/api/v1/nodes', undefined, aRobot(fixture))).status).toBe(200);
    expect(
      (await fixture.call('GET', '/api/v1/nodes', undefined, { token: fixture.api.issueUserToken({ username: 'jane', groups: [] }) }))
        .status,
    ).toBe(200);
    expect(
      (await fixture.call('GET', '/api/v1/nodes', undefined, { token: fixture.api.issueUserToken({ username: 'joe', groups: [] }) }))
        .status,
    ).toBe(403);
  });

  test('let every authenticated user use discovery and review their own access', async () => {
    const fixture = anApi();
    const robot = aRobot(fixture);
    expect((await fixture.call('GET', '/apis', undefined, robot)).status).toBe(200);
    const ask = (verb: string): object => ({ spec: { resourceAttributes: { verb, resource: 'pods', namespace: 'default' } } });
    grant(fixture, 'Role', [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]);
    const review = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    expect(await fixture.call('POST', review, ask('get'), robot)).toMatchObject({ status: 201, body: { status: { allowed: true } } });
    expect(await fixture.call('POST', review, ask('delete'), robot)).toMatchObject({ status: 201, body: { status: { allowed: false } } });
    expect((await fixture.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {}, robot)).body).toMatchObject({
      status: { userInfo: { username: USER } },
    });
  });
});

describe('without a valid token', () => {
  test.each(['', 'nonsense', 'a.b.c'])('%j is 401', async (token) => {
    expect(await anApi().call('GET', '/api/v1/nodes', undefined, { token })).toMatchObject({
      status: 401,
      body: { kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized', code: 401 },
    });
  });

  test('health and version are public', async () => {
    const { api } = anApi();
    const signal = new AbortController().signal;
    for (const path of ['/healthz', '/readyz', '/livez', '/version'])
      expect((await api.handle({ method: 'GET', path }, signal)).status).toBe(200);
    expect((await api.handle({ method: 'GET', path: '/api/v1/nodes' }, signal)).status).toBe(401);
  });
});
