import { describe, expect, test } from '@jest/globals';
import { jsonResponse, streamResponse, textResponse, VirtualClock } from '@brupop/ports';
import type { HttpResponse } from '@brupop/ports';
import { JSON_PATCH, REQUEST_TIMEOUT_MS, withQuery } from './client.ts';
import { errorFromStatus, isKubeStatus } from './kube-error.ts';
import { paths } from './paths.ts';
import { ScriptedApi, statusAnswer } from './testing/scripted-api.ts';

const signal = new AbortController().signal;

describe('createKubeClient', () => {
  test.each([
    { name: 'a GET without a body', method: 'GET', options: {}, contentType: undefined, body: undefined },
    { name: 'a POST as JSON', method: 'POST', options: { body: { a: 1 } }, contentType: 'application/json', body: '{"a":1}' },
    { name: 'a PATCH as a merge patch', method: 'PATCH', options: { body: {} }, contentType: 'application/merge-patch+json', body: '{}' },
    { name: 'a PATCH as asked', method: 'PATCH', options: { body: [], contentType: JSON_PATCH }, contentType: JSON_PATCH, body: '[]' },
  ] as const)('sends $name', async ({ method, options, contentType, body }) => {
    const api = new ScriptedApi(() => jsonResponse(200, { kind: 'X' }));
    const answer = await api.client(new VirtualClock()).request(method, '/x', { ...options, query: { a: 'b c' }, signal });
    expect(answer).toEqual({ kind: 'X' });
    expect(api.requests[0]).toMatchObject({ method, path: '/x?a=b%20c' });
    expect([api.requests[0]?.headers?.['content-type'], api.requests[0]?.body]).toEqual([contentType, body]);
  });

  test('reads an empty response as undefined', async () => {
    const api = new ScriptedApi(() => textResponse(200));
    expect(await api.client(new VirtualClock()).request('DELETE', '/x', { signal })).toBeUndefined();
  });

  test.each([
    {
      name: 'a Status',
      answer: statusAnswer(404, 'NotFound', 'nodes "a" not found'),
      error: { status: 404, reason: 'NotFound', retry: 'terminal' },
    },
    { name: 'a page of a proxy', answer: () => textResponse(502, '<html>'), error: { status: 502, reason: '', retry: 'transient' } },
    {
      name: 'too many requests',
      answer: statusAnswer(429, 'TooManyRequests', 'x', { 'retry-after': '3' }),
      error: { retryAfterMs: 3_000 },
    },
    { name: 'something that is not JSON', answer: () => textResponse(200, '<html>'), error: { code: 'KUBE_BODY', retry: 'transient' } },
  ])('rejects with $name', async ({ answer, error }) => {
    const client = new ScriptedApi(answer).client(new VirtualClock());
    await expect(client.request('GET', '/x', { signal })).rejects.toMatchObject(error);
  });

  describe('rejected by priority and fairness, in plain text,', () => {
    const turnedAway = (): HttpResponse => textResponse(429, 'Too many requests, please try again later.', { 'retry-after': '2' });

    test.each(['GET', 'POST', 'PATCH', 'DELETE'] as const)('sends a %s again after the Retry-After of the response', async (method) => {
      const clock = new VirtualClock();
      const sentMs: number[] = [];
      const noted = (response: () => HttpResponse) => (): HttpResponse => {
        sentMs.push(clock.monotonic());
        return response();
      };
      const found = (): HttpResponse => jsonResponse(200, { kind: 'X' });
      const api = new ScriptedApi(...[turnedAway, turnedAway, turnedAway, found].map(noted));
      let answer: unknown;
      void api
        .client(clock)
        .request(method, '/x', { signal })
        .then((value) => (answer = value));
      await clock.advanceUntil(() => answer !== undefined, 60_000);
      expect([answer, sentMs]).toEqual([{ kind: 'X' }, [0, 2_000, 4_000, 6_000]]);
    });

    test('rejects if the time of the request would have passed', async () => {
      const clock = new VirtualClock();
      let error: unknown;
      new ScriptedApi(turnedAway, turnedAway, turnedAway)
        .client(clock)
        .request('GET', '/x', { signal, timeoutMs: 5_000 })
        .catch((reason: unknown) => (error = reason));
      await clock.advanceUntil(() => error !== undefined, 60_000);
      expect([error, clock.monotonic()]).toMatchObject([{ status: 429, retryAfterMs: 2_000 }, 4_000]);
    });

    test('leaves a 429 of an eviction, which is a Status, to its caller', async () => {
      const api = new ScriptedApi(statusAnswer(429, 'TooManyRequests', 'Cannot evict pod', { 'retry-after': '10' }));
      await expect(api.client(new VirtualClock()).request('POST', '/x', { signal })).rejects.toMatchObject({ status: 429 });
      expect(api.requests).toHaveLength(1);
    });
  });

  test('gives a request longer than the API server works on it, its body included', async () => {
    const clock = new VirtualClock();
    const silence = (async function* () {
      yield '{"a":';
      await new Promise(() => undefined);
    })();
    const client = new ScriptedApi(() => streamResponse(200, silence)).client(clock);
    const outcome = expect(client.request('GET', '/x', { signal })).rejects.toMatchObject({ code: 'KUBE_TIMEOUT', retry: 'transient' });
    await clock.advance(REQUEST_TIMEOUT_MS);
    await outcome;
    expect(REQUEST_TIMEOUT_MS).toBeGreaterThan(60_000);
  });

  test('ends with the reason of its signal', async () => {
    const abort = new AbortController();
    const pending = new ScriptedApi().client(new VirtualClock()).request('GET', '/x', { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(pending).rejects.toThrow('enough');
    const client = new ScriptedApi().client(new VirtualClock());
    await expect(client.request('GET', '/x', { signal: abort.signal })).rejects.toThrow('enough');
  });

  test('opens no stream on an error', async () => {
    const client = new ScriptedApi(statusAnswer(410, 'Expired')).client(new VirtualClock());
    await expect(client.stream('/x', { watch: 'true' }, signal)).rejects.toMatchObject({ status: 410, reason: 'Expired' });
  });
});

describe(errorFromStatus, () => {
  test.each([
    {
      name: 'message and details',
      body: { message: 'm', reason: 'r', details: { retryAfterSeconds: 1, causes: [{ message: 'pdb' }] } },
      seen: { message: 'm', reason: 'r', retryAfterMs: 1_000, details: { causes: [{ message: 'pdb' }] } },
    },
    { name: 'no Status at all', body: null, seen: { message: 'The API server responded with 500', reason: '' } },
    { name: 'some text', body: ' oh dear ', seen: { message: 'The API server responded with 500: oh dear' } },
    { name: 'a header that is not a number', body: {}, header: 'Wed, 21 Oct 2026', seen: { retryAfterMs: undefined } },
  ])('takes $name', ({ body, header, seen }) => {
    const { message, reason, retryAfterMs, details } = errorFromStatus(500, body, header);
    expect({ message, reason, retryAfterMs, details }).toMatchObject(seen);
  });
});

describe(isKubeStatus, () => {
  test('looks at the status of API errors only', () => {
    const error = errorFromStatus(409, {});
    expect([isKubeStatus(error, 404, 409), isKubeStatus(error, 404), isKubeStatus(new Error('409'), 409)]).toEqual([true, false, false]);
  });
});

describe(withQuery, () => {
  test.each([
    { query: {}, path: '/x' },
    { query: { a: '1', 'b/c': 'd=e,f' }, path: '/x?a=1&b%2Fc=d%3De%2Cf' },
  ])('makes $path', ({ query, path }) => {
    expect(withQuery('/x', query)).toBe(path);
  });

  test('adds to an existing query', () => {
    expect(withQuery('/x?a=1', { b: '2' })).toBe('/x?a=1&b=2');
  });
});

describe('paths', () => {
  test.each([
    { path: paths.nodes(), expected: '/api/v1/nodes' },
    { path: paths.node('a'), expected: '/api/v1/nodes/a' },
    { path: paths.pods(), expected: '/api/v1/pods' },
    { path: paths.pods('ns'), expected: '/api/v1/namespaces/ns/pods' },
    { path: paths.pod('ns', 'p'), expected: '/api/v1/namespaces/ns/pods/p' },
    { path: paths.eviction('ns', 'p'), expected: '/api/v1/namespaces/ns/pods/p/eviction' },
    { path: paths.lease('ns', 'l'), expected: '/apis/coordination.k8s.io/v1/namespaces/ns/leases/l' },
    { path: paths.event('ns', 'e'), expected: '/apis/events.k8s.io/v1/namespaces/ns/events/e' },
    { path: paths.persistentVolumeClaim('ns', 'c'), expected: '/api/v1/namespaces/ns/persistentvolumeclaims/c' },
    { path: paths.volumeAttachments(), expected: '/apis/storage.k8s.io/v1/volumeattachments' },
    { path: paths.tokenReviews(), expected: '/apis/authentication.k8s.io/v1/tokenreviews' },
    { path: paths.node('../secrets'), expected: '/api/v1/nodes/..%2Fsecrets' },
  ])('$expected', ({ path, expected }) => {
    expect(path).toBe(expected);
  });
});
