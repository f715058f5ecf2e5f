import { afterEach, describe, expect, test } from '@jest/globals';
import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { jsonResponse } from '@brupop/ports';
import type { HttpHandler } from '@brupop/ports';
import { aNode, anApi } from '../api-fixture.ts';
import { connectionReset } from './faults.ts';
import { kubeconfig } from './kubeconfig.ts';
import { serveHttps } from './serve-https.ts';
import type { HttpsServer } from './serve-https.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Reached {
  readonly server: HttpsServer;
  readonly send: (method: string, path: string, body?: string) => Promise<IncomingMessage>;
}

async function serving(handler: HttpHandler, token = ''): Promise<Reached> {
  const server = await serveHttps(handler);
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: server.caPem });
  closers.push(
    () => server.close(),
    () => {
      agent.destroy();
    },
  );
  return {
    server,
    async send(method, path, body) {
      const request = httpsRequest(`${server.url}${path}`, {
        method,
        agent,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      });
      request.end(body);
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      return response;
    },
  };
}

async function text(response: IncomingMessage): Promise<string> {
  let whole = '';
  for await (const piece of response) whole += String(piece);
  return whole;
}

describe(serveHttps, () => {
  test('serves requests and keeps the connection alive', async () => {
    const { api } = anApi();
    const { send } = await serving(api.handle, api.adminToken);
    const created = await send('POST', '/api/v1/nodes', JSON.stringify(aNode('n1')));
    expect(created.statusCode).toBe(201);
    const { localPort } = created.socket;
    expect(JSON.parse(await text(created))).toMatchObject({ metadata: { name: 'n1' } });
    const read = await send('GET', '/api/v1/nodes/n1');
    expect(read.headers['content-type']).toBe('application/json');
    expect(read.socket.localPort).toBe(localPort);
    await text(read);
  });

  test('streams a watch, and stops it when the client disconnects', async () => {
    const { api, create, clock } = anApi();
    const { send } = await serving(api.handle, api.adminToken);
    const response = await send('GET', '/api/v1/nodes?watch=true');
    expect(response.statusCode).toBe(200);
    create(aNode('n1'));
    const [piece] = (await once(response, 'data')) as [Buffer];
    expect(JSON.parse(piece.toString())).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'n1' } } });
    const open = api.faults.watches.cuts;
    expect(open.size).toBe(1);
    response.destroy();
    while (open.size > 0) await clock.settle();
    expect(open.size).toBe(0);
  });

  test('breaks the connection when a watch is reset', async () => {
    const { api } = anApi();
    const { send } = await serving(api.handle, api.adminToken);
    const response = await send('GET', '/api/v1/nodes?watch=true');
    api.dropWatches('reset');
    await expect(text(response)).rejects.toThrow('aborted');
  });

  test('breaks the connection when the handler does', async () => {
    const { send } = await serving(() => Promise.reject(connectionReset()));
    await expect(send('GET', '/')).rejects.toThrow('socket hang up');
  });

  test('rejects a body that is too long', async () => {
    const { send } = await serving(() => Promise.resolve(jsonResponse(200, {})));
    const response = await send('POST', '/', 'x'.repeat(3 * 1024 * 1024 + 1));
    expect(response.statusCode).toBe(413);
    await text(response);
  });

  test('can be reached through a kubeconfig', async () => {
    const { api } = anApi();
    const { server } = await serving(api.handle);
    const { url, caPem } = server;
    const config = JSON.parse(kubeconfig({ url, caPem, token: 'secret', namespace: 'ns' })) as {
      clusters: { cluster: Record<string, string> }[];
    };
    expect(config.clusters[0]?.cluster['server']).toBe(url);
    expect(Buffer.from(config.clusters[0]?.cluster['certificate-authority-data'] ?? '', 'base64').toString()).toBe(caPem);
    expect(config).toMatchObject({ users: [{ user: { token: 'secret' } }], contexts: [{ context: { namespace: 'ns' } }] });
  });
});
