import { describe, expect, test } from '@jest/globals';
import { aWidgetDefinition, anApi } from '../api-fixture.ts';
import type { Json } from '../types.ts';

const named = (list: unknown, name: string): Json | undefined => (list as Json[]).find((entry) => entry['name'] === name);

describe('discovery', () => {
  test('lists versions, groups and resources', async () => {
    const { call } = anApi();
    expect((await call('GET', '/api')).body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    expect(named((await call('GET', '/apis')).body['groups'], 'apps')).toMatchObject({ preferredVersion: { groupVersion: 'apps/v1' } });
    expect((await call('GET', '/apis/apps')).body).toMatchObject({ kind: 'APIGroup', name: 'apps' });
    const core = (await call('GET', '/api/v1')).body['resources'];
    expect(named(core, 'nodes')).toMatchObject({ kind: 'Node', namespaced: false, shortNames: ['no'] });
    expect(named(core, 'pods/eviction')).toMatchObject({ group: 'policy', version: 'v1', kind: 'Eviction' });
    expect(named(core, 'serviceaccounts/token')).toMatchObject({ kind: 'TokenRequest' });
    expect(named((await call('GET', '/apis/authentication.k8s.io/v1')).body['resources'], 'tokenreviews')).toMatchObject({
      verbs: ['create'],
    });
  });

  test('includes custom resources, the preferred version first', async () => {
    const { call, create } = anApi();
    create(aWidgetDefinition());
    expect(named((await call('GET', '/apis')).body['groups'], 'example.com')).toMatchObject({ preferredVersion: { version: 'v2' } });
    const { body } = await call('GET', '/apis/example.com/v1');
    expect(body['resources']).toMatchObject([{ name: 'widgets', singularName: 'widget', shortNames: ['wd'] }, { name: 'widgets/status' }]);
  });

  test('serves as much OpenAPI as kubectl needs', async () => {
    const { api, call } = anApi();
    expect((await call('GET', '/version')).body).toMatchObject({ gitVersion: 'v1.34.1' });
    expect((await call('GET', '/openapi/v3')).body).toMatchObject({
      paths: { 'apis/apps/v1': { serverRelativeURL: '/openapi/v3/apis/apps/v1' } },
    });
    const { body } = await call('GET', '/openapi/v3/api/v1');
    expect(body).toMatchObject({ paths: { '/api/v1/nodes/{name}': { patch: { parameters: [{ name: 'fieldValidation' }] } } } });
    expect((await call('GET', '/openapi/v2')).body).toMatchObject({ swagger: '2.0' });
    const headers = { authorization: `Bearer ${api.adminToken}`, accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' };
    const protobuf = await api.handle({ method: 'GET', path: '/openapi/v2', headers }, new AbortController().signal);
    expect(protobuf.headers['content-type']).toContain('protobuf');
  });

  test.each([
    { method: 'GET' as const, path: '/nothing', status: 404 },
    { method: 'GET' as const, path: '/apis/none/v1', status: 404 },
    { method: 'GET' as const, path: '/apis/apps/v9', status: 404 },
    { method: 'GET' as const, path: '/api/v1/things', status: 404 },
    { method: 'GET' as const, path: '/openapi/v3/apis/none/v1', status: 404 },
    { method: 'GET' as const, path: '/api/v1/namespaces/default/pods/p/nothing', status: 404 },
    { method: 'POST' as const, path: '/api', status: 405 },
    { method: 'GET' as const, path: '/apis/authentication.k8s.io/v1/tokenreviews', status: 405 },
    { method: 'PUT' as const, path: '/api/v1/nodes', status: 405 },
  ])('$method $path is $status, with a Status', async ({ method, path, status }) => {
    expect(await anApi().call(method, path, method === 'GET' ? undefined : {})).toMatchObject({
      status,
      body: { kind: 'Status', code: status },
    });
  });
});
