import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { memoryLogger, nodeHttpClient, systemClock, VirtualClock } from '@brupop/ports';
import type { ClosableHttpClient, HttpTarget } from '@brupop/ports';
import { serve, vouchFor } from './serve.ts';
import type { RequestListener, RunningServer, ServeOptions } from './serve.ts';

const DATA = join(import.meta.dirname, '../test-data');
const pem = (name: string): string => readFileSync(join(DATA, name), 'utf8');
const never = new AbortController().signal;
/** Waits until sockets have returned to their pool, or have emitted that they are closed. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
};
const get = { method: 'GET', path: '/' } as const;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startServer(handler: RequestListener, options: Partial<ServeOptions> = {}): Promise<RunningServer> {
  const server = await serve(handler, { port: 0, host: '127.0.0.1', log: memoryLogger(), ...options });
  cleanups.push(() => server.close(0));
  return server;
}

function clientFor(target: HttpTarget): ClosableHttpClient {
  const client = nodeHttpClient(target);
  cleanups.push(() => {
    client.close();
  });
  return client;
}

/** A server on raw TCP, for invalid behaviour. */
async function startRaw(onSocket: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

const echo: RequestListener = (request, response) => {
  let body = '';
  request.on('data', (piece: Buffer) => (body += piece.toString()));
  request.on('end', () => {
    response.setHeader('x-port', String(request.socket.remotePort));
    response.end(JSON.stringify({ method: request.method, url: request.url, body, host: request.headers.host }));
  });
};

describe(nodeHttpClient, () => {
  test('uses the fallback address if the name of the server cannot be resolved', async () => {
    const { port } = await startServer((_, response) => response.end('here'));
    const baseUrl = `http://apiserver.invalid:${String(port)}`;
    const response = await clientFor({ baseUrl, fallbackAddress: '127.0.0.1' }).request(get, never);
    expect(await response.text()).toBe('here');
  });

  test('sends method, path, prefix, headers and body', async () => {
    const { port } = await startServer(echo);
    const client = clientFor({ baseUrl: `http://127.0.0.1:${String(port)}/prefix/` });
    const response = await client.request({ method: 'POST', path: '/a?b=c', body: 'grüß' }, never);
    expect([response.status, JSON.parse(await response.text())]).toEqual([
      200,
      { method: 'POST', url: '/prefix/a?b=c', body: 'grüß', host: `127.0.0.1:${String(port)}` },
    ]);
  });

  test('reuses a connection, also after responses without a body', async () => {
    const ports = new Set<number | undefined>();
    const { port } = await startServer((request, response) => {
      ports.add(request.socket.remotePort);
      response.statusCode = 204;
      response.end();
    });
    const client = clientFor({ baseUrl: `http://127.0.0.1:${String(port)}` });
    for (let round = 0; round < 3; round++) {
      await client.request(get, never);
      await turns();
    }
    expect(ports.size).toBe(1);
  });

  test('works over a unix socket', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'brupop-'));
    const server = createHttpServer(echo);
    server.listen(join(dir, 'api.sock'));
    await once(server, 'listening');
    cleanups.push(() => {
      server.closeAllConnections();
      server.close();
      rmSync(dir, { recursive: true });
    });
    const response = await clientFor({ socketPath: join(dir, 'api.sock') }).request(get, never);
    expect(JSON.parse(await response.text())).toMatchObject({ url: '/', host: 'localhost' });
  });

  test.each([
    { name: 'nothing listens on the port', target: { baseUrl: 'http://127.0.0.1:1' } },
    { name: 'the socket does not exist', target: { socketPath: '/nowhere/api.sock' } },
  ])('rejects with HTTP_CONNECT if $name', async ({ target }) => {
    await expect(clientFor(target).request(get, never)).rejects.toMatchObject({ code: 'HTTP_CONNECT', retry: 'transient' });
  });

  test('rejects with HTTP_TIMEOUT if there are no response headers', async () => {
    const clock = new VirtualClock();
    const arrived = Promise.withResolvers<undefined>();
    const baseUrl = await startRaw((socket) => {
      socket.once('data', () => {
        arrived.resolve(undefined);
      });
    });
    const pending = clientFor({ baseUrl, clock, responseTimeoutMs: 1_000 }).request(get, never);
    const outcome = expect(pending).rejects.toMatchObject({ code: 'HTTP_TIMEOUT', retry: 'transient' });
    await arrived.promise;
    await clock.advance(1_000);
    await outcome;
  });

  test('rejects with HTTP_TIMEOUT if the connection takes too long', async () => {
    const clock = new VirtualClock();
    // The server accepts the TCP connection, but never answers the TLS handshake.
    const baseUrl = (await startRaw(() => undefined)).replace('http:', 'https:');
    const outcome = expect(clientFor({ baseUrl, clock, connectTimeoutMs: 500 }).request(get, never)).rejects.toMatchObject({
      code: 'HTTP_TIMEOUT',
      message: 'The connection took longer than 500 ms',
    });
    await clock.advance(500);
    await outcome;
  });

  test.each([
    { name: 'before the response', answer: '' },
    { name: 'during the response', answer: 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc' },
  ])('rejects with HTTP_RESET if the connection breaks $name', async ({ answer }) => {
    const baseUrl = await startRaw((socket) => {
      socket.once('data', () => {
        socket.end(answer);
      });
    });
    const whole = clientFor({ baseUrl })
      .request(get, never)
      .then((response) => response.text());
    await expect(whole).rejects.toMatchObject({ code: 'HTTP_RESET', retry: 'transient' });
  });

  test('replaces an idle connection that the server closes at the same time', async () => {
    let connections = 0;
    const baseUrl = await startRaw((socket) => {
      connections++;
      let requests = 0;
      socket.on('data', () => {
        if (++requests === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
        else socket.destroy();
      });
    });
    const client = clientFor({ baseUrl });
    expect(await (await client.request(get, never)).text()).toBe('ok');
    await turns();
    expect(await (await client.request(get, never)).text()).toBe('ok');
    expect(connections).toBe(2);
  });

  test('does not send a POST twice', async () => {
    const baseUrl = await startRaw((socket) => {
      let requests = 0;
      socket.on('data', () => {
        if (++requests === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
        else socket.destroy();
      });
    });
    const client = clientFor({ baseUrl });
    await (await client.request(get, never)).text();
    await turns();
    await expect(client.request({ ...get, method: 'POST' }, never)).rejects.toMatchObject({ code: 'HTTP_RESET' });
  });

  test('an abort ends a request, and the server sees it', async () => {
    const abort = new AbortController();
    const arrived = Promise.withResolvers<undefined>();
    const gone = Promise.withResolvers<undefined>();
    const { port } = await startServer((_request, response) => {
      response.once('close', () => {
        gone.resolve(undefined);
      });
      arrived.resolve(undefined);
    });
    const pending = clientFor({ baseUrl: `http://127.0.0.1:${String(port)}` }).request(get, abort.signal);
    await arrived.promise;
    abort.abort(new Error('enough'));
    await expect(pending).rejects.toThrow('enough');
    await expect(gone.promise).resolves.toBeUndefined();
  });

  test('an abort ends a body that is being read; leaving it closes the connection', async () => {
    const gone: string[] = [];
    const { port } = await startServer((request, response) => {
      response.write('first');
      response.once('close', () => gone.push(request.url ?? ''));
    });
    const client = clientFor({ baseUrl: `http://127.0.0.1:${String(port)}` });
    const abort = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const chunk of (await client.request({ ...get, path: '/aborted' }, abort.signal)).chunks) {
        seen.push(Buffer.from(chunk).toString());
        abort.abort(new Error('enough'));
      }
    })();
    await expect(reading).rejects.toThrow('enough');
    for await (const chunk of (await client.request({ ...get, path: '/left' }, never)).chunks) {
      seen.push(Buffer.from(chunk).toString());
      break;
    }
    while (gone.length < 2) await turns();
    expect([seen, gone]).toEqual([
      ['first', 'first'],
      ['/aborted', '/left'],
    ]);
  });

  test('does not start if the signal has aborted', async () => {
    const client = clientFor({ baseUrl: 'http://127.0.0.1:1' });
    await expect(client.request(get, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });

  test('trusts only the given certificate authority, and a new one as soon as it is set', async () => {
    const server = await startServer(echo, { tls: { cert: pem('first.crt'), key: pem('first.key') } });
    let tls = { ca: pem('first.crt') };
    const client = clientFor({ baseUrl: `https://localhost:${String(server.port)}`, tls: () => tls });
    const ask = async (): Promise<string | undefined> => {
      const response = await client.request(get, never);
      await response.text();
      return response.headers['x-port'];
    };
    const before = await ask();
    await turns();
    expect(await ask()).toBe(before);
    server.setSecureContext({ cert: pem('second.crt'), key: pem('second.key') });
    // Open connections stay.
    expect(await ask()).toBe(before);
    tls = { ca: pem('first.crt') };
    await expect(ask()).rejects.toMatchObject({ code: 'HTTP_CONNECT' });
    tls = { ca: pem('second.crt') };
    expect(await ask()).not.toBe(before);
  });

  test('checks the name of the server', async () => {
    const { port } = await startServer(echo, { tls: { cert: pem('first.crt'), key: pem('first.key') } });
    const baseUrl = `https://127.0.0.1:${String(port)}`;
    const tls = { ca: pem('first.crt') };
    const other = clientFor({ baseUrl, tls: () => tls, serverName: 'other.test' });
    await expect(other.request(get, never)).rejects.toMatchObject({ code: 'HTTP_CONNECT' });
    const careless = clientFor({ baseUrl, rejectUnauthorized: false });
    expect((await careless.request(get, never)).status).toBe(200);
  });
});

/** Sends raw text, and returns what the server sent until it closed the connection. */
function converse(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect({ port, host: '127.0.0.1' });
    cleanups.push(() => socket.destroy());
    socket.on('data', (piece) => (received += piece.toString('latin1')));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      resolve(received);
    });
    socket.write(text);
  });
}

describe('lessons §5: a hostile client', () => {
  const limits = { handshakeMs: 300, headMs: 300, requestMs: 600 };
  const HEAD = 'POST / HTTP/1.1\r\nhost: x\r\n';

  test.each([
    { name: 'that connects and sends nothing', text: '', answer: '' },
    { name: 'that never completes the headers of its request', text: `${HEAD}x-a: b\r\n`, answer: '408' },
    { name: 'that announces a body and does not send it', text: `${HEAD}content-length: 1000\r\n\r\nhalf`, answer: '408' },
    { name: 'that sends a body in endless chunks', text: `${HEAD}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`, answer: '408' },
  ])('$name is cut off', async ({ text, answer }) => {
    const server = await startServer((request, response) => request.resume().once('end', () => response.end('all')), { limits });
    expect(await converse(server.port, text)).toContain(answer);
  });

  test('that stops in the middle of a TLS handshake is cut off', async () => {
    const server = await startServer(echo, { limits, tls: { cert: pem('first.crt'), key: pem('first.key') } });
    // Only the record header of a ClientHello of 512 bytes.
    expect(await converse(server.port, '\x16\x03\x01\x02\x00')).toBe('');
  });

  test.each([
    { name: 'a header that is too long', text: `${HEAD}x-a: ${'b'.repeat(40_000)}\r\n\r\n`, answer: '431' },
    { name: 'too many headers', text: `${HEAD}${'a: b\r\n'.repeat(10_000)}\r\n`, answer: '431' },
    { name: 'bytes that are not HTTP', text: '\x16\x03\x01 hello\r\n\r\n', answer: '400' },
    { name: 'two content lengths', text: `${HEAD}content-length: 5\r\ncontent-length: 6\r\n\r\nhello`, answer: '400' },
    { name: 'a content length and chunks', text: `${HEAD}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, answer: '400' },
  ])('that sends $name is rejected', async ({ text, answer }) => {
    const server = await startServer((_request, response) => response.end('all'), { limits });
    expect(await converse(server.port, text)).toMatch(new RegExp(`^HTTP/1.1 ${answer} `));
  });

  test('that pipelines its requests gets the responses in order', async () => {
    const server = await startServer((request, response) => response.end(`<${request.url ?? ''}>`), { limits });
    const requests = Array.from({ length: 100 }, (_, at) => `GET /${String(at)} HTTP/1.1\r\nhost: x\r\n\r\n`).join('');
    const received = await converse(server.port, requests.replace(/\r\n\r\n$/, '\r\nconnection: close\r\n\r\n'));
    expect(received.match(/<[^>]*>/g)).toEqual(Array.from({ length: 100 }, (_, at) => `</${String(at)}>`));
  });

  test('that opens too many connections has the next ones closed, and other clients are served', async () => {
    const connections = { total: 3, strangers: 3, strangersOfSource: 3, ofOwner: 1 };
    // The clock of the guard does not advance, so that no connection becomes old enough to be closed.
    const clock = { ...systemClock, monotonic: () => 0 };
    const server = await startServer(echo, { clock, limits: { ...limits, headMs: 60_000, requestMs: 60_000, connections } });
    const agent = clientFor({ baseUrl: `http://127.0.0.1:${String(server.port)}` });
    await (await agent.request(get, never)).text();
    const open = [converse(server.port, ''), converse(server.port, '')];
    expect(await converse(server.port, '')).toBe('');
    expect((await agent.request(get, never)).status).toBe(200);
    expect(open).toHaveLength(2);
  });
});

describe('a known caller', () => {
  test('keeps its connection while an unknown caller opens one after the other, over TLS too', async () => {
    let nowMs = 0;
    const connections = { total: 4, strangers: 3, strangersOfSource: 3, ofOwner: 1 };
    const server = await startServer(
      (request, response) => {
        vouchFor(request, request.headers['x-token'] === 'good' ? 'agent' : undefined);
        echo(request, response);
      },
      {
        clock: { ...systemClock, monotonic: () => nowMs },
        limits: { connections },
        tls: { cert: pem('first.crt'), key: pem('first.key') },
      },
    );
    const tls = { ca: pem('first.crt') };
    const agent = clientFor({ baseUrl: `https://localhost:${String(server.port)}`, tls: () => tls });
    const portOf = async (): Promise<string | undefined> => {
      const response = await agent.request({ ...get, headers: { 'x-token': 'good' } }, never);
      await response.text();
      return response.headers['x-port'];
    };
    const port = await portOf();
    for (let at = 0; at < 10; at++) {
      nowMs += 10_000;
      const socket = connect(server.port, '127.0.0.1');
      socket.on('error', () => undefined);
      cleanups.push(() => socket.destroy());
      await once(socket, 'connect');
    }
    expect(await portOf()).toBe(port);
  });
});

describe(serve, () => {
  test('rejects with LISTEN if the port is in use', async () => {
    const { port } = await startServer(echo);
    await expect(startServer(echo, { port })).rejects.toMatchObject({ code: 'LISTEN' });
  });

  test('completes a pending request, and accepts no other', async () => {
    const pendingResponse = Promise.withResolvers<ServerResponse>();
    const server = await startServer((_request, response) => {
      pendingResponse.resolve(response);
    });
    const client = clientFor({ baseUrl: `http://127.0.0.1:${String(server.port)}` });
    const pending = client.request(get, never);
    const response = await pendingResponse.promise;
    const closing = server.close(60_000);
    await expect(clientFor({ baseUrl: `http://127.0.0.1:${String(server.port)}` }).request(get, never)).rejects.toMatchObject({
      code: 'HTTP_CONNECT',
    });
    response.end('done');
    expect(await (await pending).text()).toBe('done');
    await expect(closing).resolves.toBeUndefined();
  });

  test('closes connections whose requests do not finish in time', async () => {
    const clock = new VirtualClock();
    const arrived = Promise.withResolvers<undefined>();
    const server = await startServer(
      () => {
        arrived.resolve(undefined);
      },
      { clock },
    );
    const outcome = expect(clientFor({ baseUrl: `http://127.0.0.1:${String(server.port)}` }).request(get, never)).rejects.toMatchObject({
      code: 'HTTP_RESET',
    });
    await arrived.promise;
    const closing = server.close(1_000);
    await clock.advance(1_000);
    await closing;
    await outcome;
  });
});
