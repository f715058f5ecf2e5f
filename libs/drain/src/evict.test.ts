import { describe, expect, test } from '@jest/globals';
import { KubeApiError } from '@brupop/kube-runtime';
import { classifyEvictionError, removePod, type EvictionOutcome } from './evict.ts';

describe(classifyEvictionError, () => {
  test.each<{ name: string; error: unknown; expected: EvictionOutcome }>([
    { name: '404 means gone', error: new KubeApiError(404, 'NotFound', 'no pod'), expected: { kind: 'gone' } },
    { name: '409 means that another pod has the name', error: new KubeApiError(409, 'Conflict', 'uid'), expected: { kind: 'gone' } },
    {
      name: '429 is a budget, and its cause is named',
      error: new KubeApiError(429, 'TooManyRequests', 'Cannot evict.', {
        details: { causes: [{ reason: 'DisruptionBudget', message: 'The disruption budget web needs 2 healthy pods' }] },
      }),
      expected: { kind: 'blocked', budget: 'web', message: 'Cannot evict. The disruption budget web needs 2 healthy pods' },
    },
    {
      name: '429 of a budget that is not named is still a budget',
      error: new KubeApiError(429, 'TooManyRequests', 'Cannot evict.', { details: { causes: [{ reason: 'DisruptionBudget' }] } }),
      expected: { kind: 'blocked', message: 'Cannot evict.' },
    },
    {
      name: '429 without a budget means that the API server is busy',
      error: new KubeApiError(429, 'TooManyRequests', 'busy'),
      expected: { kind: 'retry', message: 'busy' },
    },
    {
      name: '403 of a namespace that is being deleted means wait',
      error: new KubeApiError(403, 'Forbidden', 'x', { details: { causes: [{ reason: 'NamespaceTerminating' }] } }),
      expected: { kind: 'namespaceTerminating' },
    },
    {
      name: 'another 403 is refused',
      error: new KubeApiError(403, 'Forbidden', 'no right'),
      expected: { kind: 'refused', status: 403, message: 'no right' },
    },
    {
      name: '400 is refused',
      error: new KubeApiError(400, 'BadRequest', 'webhook'),
      expected: { kind: 'refused', status: 400, message: 'webhook' },
    },
    {
      name: '500 is tried again',
      error: new KubeApiError(500, 'InternalError', 'two budgets'),
      expected: { kind: 'retry', message: 'two budgets' },
    },
    { name: '408 is tried again', error: new KubeApiError(408, 'Timeout', 'slow'), expected: { kind: 'retry', message: 'slow' } },
    { name: 'a broken connection is tried again', error: new Error('ECONNRESET'), expected: { kind: 'retry', message: 'ECONNRESET' } },
  ])('$name', ({ error, expected }) => {
    expect(classifyEvictionError(error)).toEqual(expected);
  });
});

describe(removePod, () => {
  test.each([
    {
      method: 'evict' as const,
      path: '/api/v1/namespaces/shop/pods/web-0/eviction',
      uidAt: { deleteOptions: { preconditions: { uid: 'u-1' } } },
    },
    { method: 'delete' as const, path: '/api/v1/namespaces/shop/pods/web-0', uidAt: { preconditions: { uid: 'u-1' } } },
  ])('sends the UID as precondition to $method', async ({ method, path, uidAt }) => {
    const sent: unknown[] = [];
    const client = {
      request: <T>(_: string, to: string, { body }: { body?: unknown }): Promise<T> => {
        sent.push(to, body);
        return Promise.resolve({} as T);
      },
      stream: () => Promise.reject(new Error('not used')),
    };
    const pod = { metadata: { name: 'web-0', namespace: 'shop', uid: 'u-1' } };
    await expect(removePod(pod, { client, signal: new AbortController().signal, method })).resolves.toEqual({ kind: 'evicted' });
    expect(sent).toEqual([path, expect.objectContaining(uidAt)]);
  });
});
