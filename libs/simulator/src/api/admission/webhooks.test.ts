import { inProcessClient } from '@brupop/ports';
import type { HttpRequest } from '@brupop/ports';
import { describe, expect, test } from '@jest/globals';
import type { WebhookRule } from './admission-webhooks.ts';
import { aNode, anApi, aReadyPod, aWidget, aWidgetDefinition, PODS, WIDGETS } from '../api-fixture.ts';
import type { Answer, Fixture } from '../api-fixture.ts';

const SECOND = 1_000;
const MERGE = { contentType: 'application/merge-patch+json' };

const cordon = (fixture: Fixture): Promise<Answer> => fixture.call('PATCH', '/api/v1/nodes/n1', { spec: { unschedulable: true } }, MERGE);
const evict = (fixture: Fixture): Promise<Answer> => fixture.call('POST', `${PODS}/p/eviction`, { metadata: { name: 'p' } });

function withNode(rule?: Omit<WebhookRule, 'name' | 'resources'> & { resources?: readonly string[] }): Fixture {
  const fixture = anApi();
  fixture.create(aNode('n1'));
  fixture.create(aReadyPod('p'));
  if (rule !== undefined) fixture.api.webhooks.add({ name: 'policy.example.com', resources: ['nodes'], ...rule });
  return fixture;
}

async function after<T>({ clock }: Fixture, ms: number, answer: Promise<T>): Promise<T> {
  await clock.advance(ms);
  return answer;
}

describe('an admission webhook', () => {
  test('that denies fails the request with its own message', async () => {
    const fixture = withNode({ answer: () => ({ deny: { code: 403, reason: 'Forbidden', message: 'cordons need a ticket' } }) });
    const { status, body } = await cordon(fixture);
    expect([status, body['reason'], body['message']]).toEqual([
      403,
      'Forbidden',
      'admission webhook "policy.example.com" denied the request: cordons need a ticket',
    ]);
    expect(fixture.api.store.get({ group: '', resource: 'nodes', name: 'n1' })?.['spec']).toEqual({});
  });

  test.each([
    ['nothing', {}, 400, 'admission webhook "policy.example.com" denied the request without explanation'],
    ['a reason', { reason: 'Invalid', code: 422 }, 422, 'admission webhook "policy.example.com" denied the request: Invalid'],
    ['a code below 400', { code: 200, message: 'no' }, 400, 'admission webhook "policy.example.com" denied the request: no'],
  ])('that denies with %s gets a complete Status', async (_what, deny, code, message) => {
    const { status, body } = await cordon(withNode({ answer: () => ({ deny }) }));
    expect([status, body['message']]).toEqual([code, message]);
  });

  test('is called by resource, subresource and operation', async () => {
    const asked: string[] = [];
    const fixture = withNode({
      resources: ['pods/eviction', 'nodes'],
      operations: ['CREATE', 'UPDATE'],
      answer: ({ operation, resource, subResource = '', kind, name, userInfo }) => {
        asked.push(`${operation} ${resource.resource}/${subResource} ${kind.kind} ${name ?? ''} ${userInfo.username}`);
        return {};
      },
    });
    await cordon(fixture);
    await evict(fixture);
    await fixture.call('PATCH', '/api/v1/nodes/n1/status', { status: { phase: 'x' } }, MERGE);
    await fixture.call('DELETE', '/api/v1/nodes/n1');
    expect(asked).toEqual(['UPDATE nodes/ Node n1 kubernetes-admin', 'CREATE pods/eviction Eviction p kubernetes-admin']);
  });

  test('that mutates changes the object before it is stored', async () => {
    const patch = [{ op: 'add', path: '/spec/providerID', value: 'mine' }];
    const { body } = await cordon(withNode({ mutating: true, answer: () => ({ patch }) }));
    expect(body['spec']).toEqual({ unschedulable: true, providerID: 'mine' });
  });

  test('is awaited until its timeout, and then its failure policy decides', async () => {
    for (const [failurePolicy, expected] of [
      ['Fail', 500],
      ['Ignore', 200],
    ] as const) {
      const fixture = withNode({ failurePolicy, timeoutSeconds: 7, answer: () => ({ delayMs: 8 * SECOND }) });
      const { status, body } = await after(fixture, 7 * SECOND, cordon(fixture));
      expect([status, body['message']]).toEqual([
        expected,
        expected === 200
          ? undefined
          : 'Internal error occurred: failed calling webhook "policy.example.com": failed to call webhook: Post "https://policy.example.com/admit?timeout=7s": context deadline exceeded',
      ]);
    }
  });

  test('that cannot be reached fails the request', async () => {
    const { status, body } = await cordon(withNode({ answer: () => ({ fails: 'connect: connection refused' }) }));
    expect([status, body['reason']]).toEqual([500, 'InternalError']);
  });

  test('receives custom resources in the version of the request', async () => {
    const versions: unknown[] = [];
    const fixture = anApi();
    fixture.create(aWidgetDefinition());
    fixture.api.webhooks.add({
      name: 'w.example.com',
      resources: ['widgets/status'],
      answer: ({ object }) => {
        versions.push(object?.['apiVersion']);
        return { deny: { message: 'no status' } };
      },
    });
    await fixture.call('POST', WIDGETS, aWidget('w'));
    const { status } = await fixture.call('PATCH', `${WIDGETS}/w/status`.replace('v2', 'v1'), { status: { phase: 'x' } }, MERGE);
    expect([status, versions]).toEqual([400, ['example.com/v1']]);
  });
});

describe('a write', () => {
  const open = (
    fixture: Fixture,
    request: Pick<HttpRequest, 'method' | 'path' | 'body'>,
    type: string,
  ): { answer: Promise<unknown>; leave: () => void } => {
    const gone = new AbortController();
    const headers = { authorization: `Bearer ${fixture.api.adminToken}`, 'content-type': type };
    const answer = inProcessClient(fixture.api.handle).request({ ...request, headers }, gone.signal);
    answer.catch(() => undefined);
    return {
      answer,
      leave: () => {
        gone.abort(new Error('the client leaves'));
      },
    };
  };

  test('is abandoned if its client leaves during admission', async () => {
    const fixture = withNode({ resources: ['pods/eviction', 'nodes'], answer: () => ({ delayMs: 10 * SECOND }) });
    const requests = [
      open(fixture, { method: 'POST', path: `${PODS}/p/eviction`, body: '{"metadata":{"name":"p"}}' }, 'application/json'),
      open(fixture, { method: 'PATCH', path: '/api/v1/nodes/n1', body: '{"spec":{"unschedulable":true}}' }, MERGE.contentType),
    ];
    await fixture.clock.advance(9 * SECOND);
    for (const { leave } of requests) leave();
    await fixture.clock.advance(60 * SECOND);
    await Promise.allSettled(requests.map(({ answer }) => answer));
    const get = (resource: string, name: string, namespace?: string): unknown =>
      fixture.api.store.get({ group: '', resource, name, namespace });
    expect(get('nodes', 'n1')).toMatchObject({ spec: {} });
    expect(get('pods', 'p', 'default')).not.toHaveProperty('metadata.deletionTimestamp');
  });

  test('times out after 34 s, even if webhooks still have time left', async () => {
    const fixture = withNode({ mutating: true, timeoutSeconds: 30, answer: () => ({ delayMs: 20 * SECOND }) });
    fixture.api.webhooks.add({
      name: 'second.example.com',
      resources: ['nodes'],
      timeoutSeconds: 30,
      failurePolicy: 'Ignore',
      answer: () => ({ delayMs: 20 * SECOND }),
    });
    const { status, body } = await after(fixture, 34 * SECOND, cordon(fixture));
    expect([status, body['reason'], body['message']]).toEqual([
      504,
      'Timeout',
      'Timeout: request did not complete within requested timeout - context deadline exceeded',
    ]);
    await fixture.clock.advance(60 * SECOND);
    expect(fixture.api.store.get({ group: '', resource: 'nodes', name: 'n1' })?.['spec']).toEqual({});
  });

  test('that takes 33 s succeeds', async () => {
    const fixture = withNode({ mutating: true, timeoutSeconds: 30, answer: () => ({ delayMs: 29 * SECOND }) });
    fixture.api.webhooks.add({ name: 'second.example.com', resources: ['nodes'], answer: () => ({ delayMs: 4 * SECOND }) });
    expect((await after(fixture, 33 * SECOND, cordon(fixture))).status).toBe(200);
  });
});
