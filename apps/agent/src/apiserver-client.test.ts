import { inProcessClient, jsonResponse, textResponse, VirtualClock } from '@brupop/ports';
import type { HttpResponse } from '@brupop/ports';
import { describe, expect, test } from '@jest/globals';
import { createApiserverClient } from './apiserver-client.ts';
import type { ApiserverClient } from './apiserver-client.ts';

const { signal } = new AbortController();
const never = (): Promise<HttpResponse> => new Promise(() => undefined);

/** A client of an apiserver that sends this response to every request. */
function aClient(answer: () => HttpResponse | Promise<HttpResponse>): { readonly client: ApiserverClient; readonly clock: VirtualClock } {
  const clock = new VirtualClock();
  const http = inProcessClient(() => Promise.resolve(answer()));
  return { client: createApiserverClient({ http, clock, nodeName: 'node-a', readToken: () => 'token' }), clock };
}
const refusal = (status: number, code = 'SOME_CODE') => jsonResponse(status, { error: { code, message: 'no' } });

describe(createApiserverClient, () => {
  test.each([
    ...[401, 403, 408, 425, 429, 500, 503].map((status) => ({ status, retry: 'transient' })),
    ...[400, 404, 405, 409, 413].map((status) => ({ status, retry: 'terminal' })),
  ])('a refusal with status $status is $retry', async ({ status, retry }) => {
    const { client } = aClient(() => refusal(status));
    await expect(client.takeStep('uncordon', signal)).rejects.toMatchObject({ code: 'SOME_CODE', status, retry });
  });

  test.each([
    { name: 'a missing shadow', answer: refusal(404, 'SHADOW_NOT_FOUND'), kind: 'missing' },
    { name: 'an unchanged shadow', answer: textResponse(304, ''), kind: 'unchanged' },
  ])('returns $name as a result', async ({ answer, kind }) => {
    const { client } = aClient(() => answer);
    await expect(client.getShadow({ etag: '"1"', waitSeconds: 60 }, signal)).resolves.toEqual({ kind });
  });

  test('does not interpret the 404 of a proxy as a missing shadow', async () => {
    const { client } = aClient(() => textResponse(404, 'no such host'));
    await expect(client.getShadow({ etag: undefined, waitSeconds: 60 }, signal)).rejects.toMatchObject({ code: 'APISERVER_STATUS' });
  });

  test.each<{ name: string; call: (client: ApiserverClient, signal: AbortSignal) => Promise<unknown>; afterMs: number }>([
    { name: 'a step', call: (client, term) => client.takeStep('cordon-and-drain', term), afterMs: 75_000 },
    { name: 'a first read', call: (client, term) => client.getShadow({ etag: undefined, waitSeconds: 60 }, term), afterMs: 75_000 },
    { name: 'a long poll', call: (client, term) => client.getShadow({ etag: '"1"', waitSeconds: 60 }, term), afterMs: 135_000 },
  ])('waits $afterMs ms for the response to $name, and ends when its signal aborts', async ({ call, afterMs }) => {
    const { client, clock } = aClient(never);
    let outcome: unknown;
    void call(client, signal).catch((error: unknown) => (outcome = error));
    await clock.advance(afterMs - 1);
    expect(outcome).toBeUndefined();
    await clock.advance(1);
    expect(outcome).toMatchObject({ code: 'APISERVER_TIMEOUT', retry: 'transient' });
    const leaving = new AbortController();
    const left = call(client, leaving.signal);
    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    await expect(call(client, leaving.signal)).rejects.toThrow('gone');
  });

  test.each(['{"done":"perhaps"}', '<html>', '[]'])('rejects an unexpected body: %s', async (body) => {
    const { client } = aClient(() => textResponse(200, body));
    await expect(client.takeStep('uncordon', signal)).rejects.toMatchObject({ code: 'APISERVER_ANSWER', retry: 'transient' });
  });
});
