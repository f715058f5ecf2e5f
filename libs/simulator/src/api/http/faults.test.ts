import { describe, expect, test } from '@jest/globals';
import { jsonResponse } from '@brupop/ports';
import { aNode, anApi } from '../api-fixture.ts';
import { connectionReset } from './faults.ts';
import type { AuditEntry } from './faults.ts';

const NODES = '/api/v1/nodes';

describe('faults', () => {
  test('a hook may answer instead of the API, and receives the user and the request', async () => {
    const { api, call } = anApi();
    api.faults.beforeRequest = (_request, { username }, { verb, resource }) =>
      resource === 'nodes' ? jsonResponse(503, { username, verb }) : undefined;
    expect(await call('GET', NODES)).toMatchObject({ status: 503, body: { username: 'kubernetes-admin', verb: 'list' } });
    expect((await call('GET', '/api/v1/pods')).status).toBe(200);
    api.faults.beforeRequest = undefined;
    expect((await call('GET', NODES)).status).toBe(200);
  });

  test('a hook may break the connection before a write or after it', async () => {
    const { api, call } = anApi();
    api.faults.beforeRequest = () => {
      throw connectionReset();
    };
    await expect(call('POST', NODES, aNode('before'))).rejects.toThrow('connection reset by peer');
    api.faults.beforeRequest = undefined;
    api.faults.afterRequest = () => {
      throw connectionReset();
    };
    await expect(call('POST', NODES, aNode('after'))).rejects.toThrow('connection reset by peer');
    expect(api.store.list({ group: '', resource: 'nodes' }).map(({ metadata }) => metadata.name)).toEqual(['after']);
  });

  test('a hook that throws causes an internal error, not a crash', async () => {
    const { api, call } = anApi();
    api.faults.beforeRequest = () => {
      throw new Error('oops');
    };
    expect(await call('GET', NODES)).toMatchObject({ status: 500, body: { message: 'Internal error occurred: oops' } });
  });
});

describe('audit', () => {
  test('records every request and its outcome', async () => {
    const { api, call } = anApi();
    const entries: AuditEntry[] = [];
    const stop = api.audit((entry) => entries.push(entry));
    await call('GET', `${NODES}/n1`);
    await call('POST', '/api/v1/namespaces/default/pods/p/eviction', {});
    stop();
    await call('GET', NODES);
    expect(entries).toMatchObject([
      { verb: 'get', resource: 'nodes', name: 'n1', user: 'kubernetes-admin', status: 404 },
      { verb: 'create', resource: 'pods', subresource: 'eviction', namespace: 'default', name: 'p', status: 404 },
    ]);
  });
});

describe('requestCounts', () => {
  test('counts by verb, resource and component', async () => {
    const { api, call } = anApi();
    const token = api.issueToken({ serviceAccount: { namespace: 'default', name: 'robot' } });
    await call('GET', NODES);
    await call('GET', NODES);
    await call('GET', `${NODES}/n1/status`, undefined, { token });
    expect(Object.fromEntries(api.requestCounts())).toEqual({ 'list nodes kubernetes-admin': 2, 'get nodes/status robot': 1 });
  });
});

describe('bad requests', () => {
  test.each([
    { name: 'no JSON', body: '{', status: 400 },
    { name: 'a list', body: '[]', status: 400 },
    { name: 'nothing', body: '', status: 400 },
  ])('$name is $status', async ({ body, status }) => {
    const { api } = anApi();
    const headers = { authorization: `Bearer ${api.adminToken}`, 'content-type': 'application/json' };
    expect((await api.handle({ method: 'POST', path: NODES, headers, body }, new AbortController().signal)).status).toBe(status);
  });

  test('protobuf is rejected like any unsupported media type', async () => {
    expect((await anApi().call('POST', NODES, {}, { contentType: 'application/vnd.kubernetes.protobuf' })).status).toBe(415);
  });
});
