import { readFileSync, readdirSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AGENT_COMPONENT, APISERVER_COMPONENT, APISERVER_DEPLOYMENT, APISERVER_SERVICE, DEFAULT_NAMESPACE } from '@brupop/crd-models';
import { sleep, systemClock } from '@brupop/ports';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { OLD } from '../fleet/versions.ts';
import { aProcessFleet } from './a-process-fleet.ts';
import type { ProcessFleet } from './process-fleet.ts';

const START_MS = 30_000;
const ANSWER_MS = 60_000;
const SECRET = 'secret-of-a-stranger';
/** The limits in the manifests. */
const MEMORY_LIMIT_MIB = 256;

let fleet: ProcessFleet;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

// One cluster for all: its only apiserver must survive every attack.
beforeAll(async () => {
  fleet = await aProcessFleet({ to: OLD, nodes: 1 });
  const { cluster } = fleet;
  const isUp = (): boolean => cluster.endpoints(DEFAULT_NAMESPACE, APISERVER_SERVICE).length === 3 && fleet.hasReported();
  if (!(await fleet.until(isUp, START_MS))) throw new Error('the cluster did not come up');
});

const address = (): { host: string; port: number } => {
  const { hostname, port } = new URL(fleet.simulation.apiserverUrl);
  return { host: hostname, port: Number(port) };
};

function openTls(): Socket {
  const socket = connectTls({ ...address(), ca: fleet.simulation.apiserverCaPem() });
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

/** Sends raw bytes over TLS. @returns the answer up to its end, or until `enough` */
function converse(bytes: readonly (string | Buffer)[], enough: (received: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = openTls();
    const done = (): void => {
      cancel();
      resolve(received);
    };
    const cancel = systemClock.setTimer(ANSWER_MS, done);
    socket.on('data', (piece) => {
      received = (received + piece.toString('latin1')).slice(0, 100_000);
      if (enough(received)) done();
    });
    socket.once('close', done);
    for (const piece of bytes) socket.write(piece);
  });
}

const request = (head: string, body: string | Buffer): (string | Buffer)[] => [
  `${head}\r\nhost: x\r\ncontent-length: ${String(Buffer.byteLength(body))}\r\n\r\n`,
  body,
];
const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) /;
const hasStatus = (received: string): boolean => STATUS_LINE.test(received);
const pongs = (received: string): number => received.split('pong').length - 1;
const statusOf = (answer: string): number => Number(STATUS_LINE.exec(answer)?.[1] ?? 0);
const ping = async (): Promise<number> =>
  statusOf(await converse(['GET /ping HTTP/1.1\r\nhost: x\r\n\r\n'], (received) => pongs(received) === 1));

/** Peak resident memory of the apiservers' processes so far, in MiB. */
function peaks(): number[] {
  const ofFleet = (pid: string): boolean => {
    const command = read(`/proc/${pid}/cmdline`);
    return command.includes('apiserver/dist/main.mjs') && read(`/proc/${pid}/environ`).includes(fleet.directory);
  };
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && ofFleet(name));
  return pids.map((pid) => Number(/VmHWM:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // It has ended, or the process id has been reused.
    return '';
  }
}

describe('an apiserver process under attack', () => {
  test.each([
    { name: 'garbage', bytes: ['\x00\xff\x16 nothing\r\n\r\n'], status: 400 },
    { name: 'oversized headers', bytes: [`GET /ping HTTP/1.1\r\nhost: x\r\nx-a: ${'a'.repeat(60_000)}\r\n\r\n`], status: 431 },
    {
      name: 'an oversized token',
      bytes: request(`POST /bottlerocket-node-resource HTTP/1.1\r\nBrupopNodeName: a\r\nBrupopK8sAuthToken: ${'a'.repeat(15_000)}`, ''),
      status: 401,
    },
    {
      name: 'the same header three times',
      bytes: request(`POST /bottlerocket-node-resource HTTP/1.1\r\n${'BrupopK8sAuthToken: a.b.c\r\n'.repeat(3)}BrupopNodeName: a`, ''),
      status: 401,
    },
    {
      name: 'a large body without a token, which is not read',
      bytes: request('PUT /bottlerocket-node-resource HTTP/1.1', Buffer.alloc(5_000_000, 'x')),
      status: 401,
    },
    { name: 'a path traversal', bytes: ['GET /../../etc/passwd HTTP/1.1\r\nhost: x\r\n\r\n'], status: 404 },
    { name: 'an unknown method', bytes: ['BREW /ping HTTP/1.1\r\nhost: x\r\n\r\n'], status: 400 },
    { name: 'a review that is not JSON', bytes: request('POST /crdconvert HTTP/1.1', SECRET), status: 200 },
    { name: 'an oversized review', bytes: request('POST /crdconvert HTTP/1.1', Buffer.alloc(17_000_000, ' ')), status: 413 },
    {
      name: 'a review that would fill the memory if it were parsed as a whole',
      bytes: request('POST /crdconvert HTTP/1.1', `{"request":{"uid":"u","objects":[${'[],'.repeat(5_000_000)}[]]}}`),
      status: 200,
    },
    {
      name: 'a review that is nested without end',
      bytes: request('POST /crdconvert HTTP/1.1', `{"request":{"x":${'['.repeat(7_000_000)}${']'.repeat(7_000_000)}}}`),
      status: 200,
    },
  ])('answers $status to $name, and continues', async ({ bytes, status }) => {
    expect(statusOf(await converse(bytes, hasStatus))).toBe(status);
    expect(await ping()).toBe(200);
  });

  test('serves others while hundreds of connections hang in a handshake or a request', async () => {
    for (let count = 0; count < 150; count++) {
      const socket = connectTcp(address());
      socket.on('error', () => undefined);
      socket.write('\x16\x03\x01\x02\x00');
      sockets.push(socket);
      if (count < 50) openTls().write('POST /crdconvert HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n{');
    }
    await sleep(systemClock, 500);
    expect(await ping()).toBe(200);
  });

  test('answers two hundred requests in one write, in order', async () => {
    const one = 'GET /ping HTTP/1.1\r\nhost: x\r\n\r\n';
    expect(pongs(await converse([one.repeat(200)], (received) => pongs(received) === 200))).toBe(200);
  });

  // Last, since it covers all of the above.
  test('has not crashed or restarted, or exceeded its memory, or logged what it received', () => {
    const restarts = fleet.podsOf(APISERVER_COMPONENT).map(({ status }) => status?.containerStatuses?.[0]?.restartCount ?? 0);
    const errors = fleet.lines.filter(({ pod, text }) => pod.startsWith(APISERVER_DEPLOYMENT) && text.includes('"level":"ERROR"'));
    // Together: a restart alone does not show its cause.
    expect({ restarts, crashes: fleet.crashes, errors }).toEqual({ restarts: [0, 0, 0], crashes: [], errors: [] });
    const memory = peaks();
    expect(memory).toHaveLength(3);
    expect(Math.max(...memory)).toBeLessThan(MEMORY_LIMIT_MIB);
    expect(fleet.lines.filter(({ text }) => text.includes(SECRET))).toEqual([]);
    expect(fleet.running(AGENT_COMPONENT)).toHaveLength(1);
    expect(fleet.cluster.evictions).toEqual([]);
  });
});
