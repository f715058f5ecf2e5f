import { describe, expect, test } from '@jest/globals';
import { inProcessClient, jsonResponse, streamResponse, textResponse } from './index.ts';
import type { HttpHandler, HttpResponse } from './index.ts';

const request = { method: 'GET', path: '/x?y=1' } as const;
const never = new AbortController().signal;

async function collect(response: HttpResponse): Promise<string> {
  let whole = '';
  for await (const chunk of response.chunks) whole += Buffer.from(chunk).toString('utf8');
  return whole;
}

async function* pieces(...texts: string[]): AsyncGenerator<string> {
  for (const text of texts) {
    await Promise.resolve();
    yield text;
  }
}

describe('responses', () => {
  test.each([
    { name: 'a text', make: () => textResponse(200, 'grüß'), body: 'grüß', headers: {} },
    { name: 'nothing', make: () => textResponse(204), body: '', headers: {} },
    { name: 'JSON', make: () => jsonResponse(409, { a: [1] }), body: '{"a":[1]}', headers: { 'content-type': 'application/json' } },
    { name: 'a stream', make: () => streamResponse(200, pieces('a', 'ß', 'c'), { x: 'y' }), body: 'aßc', headers: { x: 'y' } },
  ])('$name reads the same as a whole and in chunks', async ({ make, body, headers }) => {
    expect(await make().text()).toBe(body);
    expect(await collect(make())).toBe(body);
    expect(make().headers).toEqual(headers);
  });
});

describe(inProcessClient, () => {
  test('passes the request to the handler and the response to the caller', async () => {
    const client = inProcessClient((seen) => Promise.resolve(jsonResponse(201, seen)));
    const response = await client.request(request, never);
    expect([response.status, JSON.parse(await response.text())]).toEqual([201, request]);
  });

  test('decodes a character that is split across chunks', async () => {
    const bytes = new TextEncoder().encode('ß');
    const cut: HttpHandler = () =>
      Promise.resolve({
        ...textResponse(200),
        chunks: (async function* () {
          await Promise.resolve();
          yield bytes.subarray(0, 1);
          yield bytes.subarray(1);
        })(),
      });
    expect(await (await inProcessClient(cut).request(request, never)).text()).toBe('ß');
  });

  test('rejects as the handler does', async () => {
    await expect(inProcessClient(() => Promise.reject(new Error('down'))).request(request, never)).rejects.toThrow('down');
  });

  test('does not call the handler if the signal has aborted', async () => {
    let reached = false;
    const client = inProcessClient(() => {
      reached = true;
      return Promise.resolve(textResponse(200));
    });
    await expect(client.request(request, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    expect(reached).toBe(false);
  });

  test('an abort rejects immediately and aborts the signal of the handler', async () => {
    const abort = new AbortController();
    let handlers: AbortSignal | undefined;
    const client = inProcessClient((_request, signal) => {
      handlers = signal;
      return new Promise(() => undefined);
    });
    const pending = client.request(request, abort.signal);
    abort.abort(new Error('gone'));
    await expect(pending).rejects.toThrow('gone');
    expect(handlers?.aborted).toBe(true);
  });

  const silent: HttpHandler = (_request, signal) =>
    Promise.resolve(
      streamResponse(
        200,
        (async function* () {
          yield 'first';
          await new Promise((resolve) => {
            signal.addEventListener('abort', resolve);
          });
          left.push('handler');
        })(),
      ),
    );
  const left: string[] = [];

  test('an abort ends a body without further chunks', async () => {
    const abort = new AbortController();
    const response = await inProcessClient(silent).request(request, abort.signal);
    const body = response.chunks[Symbol.asyncIterator]();
    expect(Buffer.from((await body.next()).value as Uint8Array).toString()).toBe('first');
    const pending = body.next();
    abort.abort(new Error('gone'));
    await expect(pending).rejects.toThrow('gone');
    await expect(body.next()).rejects.toThrow('gone');
  });

  test('leaving the body early aborts the signal of the handler', async () => {
    left.length = 0;
    let handlers: AbortSignal | undefined;
    const client = inProcessClient((seen, signal) => {
      handlers = signal;
      return silent(seen, signal);
    });
    const response = await client.request(request, never);
    for await (const chunk of response.chunks) {
      expect(Buffer.from(chunk).toString()).toBe('first');
      break;
    }
    expect(handlers?.aborted).toBe(true);
  });

  test('a body that fails rejects', async () => {
    const broken = streamResponse(
      200,
      (async function* () {
        yield 'a';
        await Promise.resolve();
        throw new Error('broken');
      })(),
    );
    const response = await inProcessClient(() => Promise.resolve(broken)).request(request, never);
    await expect(collect(response)).rejects.toThrow('broken');
  });
});
