import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { seededRandom, systemClock } from '@brupop/ports';
import { serveUnix } from './serve-unix.ts';
import type { UnixServer } from './serve-unix.ts';
import { SimulatedHost } from './simulated-host.ts';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function ask(socketPath: string, method: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => (body += piece));
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, body });
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe(serveUnix, () => {
  let folder: string;
  let host: SimulatedHost;
  let server: UnixServer;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'host-'));
    host = new SimulatedHost({
      clock: systemClock,
      random: seededRandom(1),
      name: 'node-1',
      version: '1.26.1',
      repository: { available: ['1.27.0'] },
      timings: { requestMs: 0, refreshMs: 60_000 },
    });
    server = await serveUnix(host.handle, join(folder, 'api.sock'));
  });

  afterEach(async () => {
    host.powerOff();
    await server.close();
    await rm(folder, { recursive: true });
  });

  test('sends answers as the real server does', async () => {
    const os = await ask(server.socketPath, 'GET', '/os');
    expect([os.status, os.headers['content-type'], os.body.includes('\n')]).toEqual([200, 'application/json', false]);
    const started = await ask(server.socketPath, 'POST', '/actions/refresh-updates');
    expect([started.status, started.headers['content-length'], started.body]).toEqual([204, undefined, '']);
    const locked = await ask(server.socketPath, 'POST', '/actions/refresh-updates');
    expect([locked.status, locked.headers['content-type'], locked.body]).toEqual([423, undefined, 'Update lock held']);
    const unknown = await ask(server.socketPath, 'PUT', '/os');
    expect([unknown.status, unknown.body]).toEqual([404, '']);
  });

  test('resets connections while the host is down, and refuses them once closed', async () => {
    host.powerOff();
    await expect(ask(server.socketPath, 'GET', '/os')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await server.close();
    await expect(ask(server.socketPath, 'GET', '/os')).rejects.toMatchObject({ code: 'ENOENT' });
    server = await serveUnix(host.handle, server.socketPath);
  });
});
