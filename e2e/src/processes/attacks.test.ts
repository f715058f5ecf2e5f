import { request } from 'node:https';
import { connect, createSecureContext } from 'node:tls';
import type { SecureContext, TLSSocket } from 'node:tls';
import { HEADERS, ROUTES } from '@brupop/agent-api';
import { AGENT_COMPONENT, AGENT_SERVICE_ACCOUNT, APISERVER_SERVICE, DEFAULT_NAMESPACE, TOKEN_AUDIENCE } from '@brupop/crd-models';
import { sleep, systemClock } from '@brupop/ports';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { OLD } from '../fleet/versions.ts';
import { aProcessFleet } from './a-process-fleet.ts';
import { CannotMeasure, createMemoryCgroup } from './memory-cgroup.ts';
import type { MemoryCgroup } from './memory-cgroup.ts';
import type { ProcessFleet } from './process-fleet.ts';

const START_MS = 120_000;
const MIB = 2 ** 20;
/** The memory of an apiserver in the manifests, and the part that an attack may take: the rest is for 5,000 agents. */
const [LIMIT_MIB, MOST_MIB] = [512, 256];
/** The timeout of an agent for its apiserver. */
const LIMIT_MS = 10_000;

let fleet: ProcessFleet;
const cgroups: MemoryCgroup[] = [];
const sockets: TLSSocket[] = [];
let secureContext: SecureContext;
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** A cgroup for each apiserver, where this machine can create one; elsewhere only the answers are checked. */
function cgroupFor(): MemoryCgroup | undefined {
  try {
    const cgroup = createMemoryCgroup(`brupop-attack-${String(process.pid)}-${String(cgroups.length)}`, LIMIT_MIB * MIB);
    cgroups.push(cgroup);
    return cgroup;
  } catch (error) {
    if (!(error instanceof CannotMeasure)) throw error;
    print(`Without a memory limit: ${error.message}`);
    return undefined;
  }
}

beforeAll(async () => {
  fleet = await aProcessFleet({
    to: OLD,
    nodes: 1,
    wrap: (app, _node, { command, args }) => {
      const cgroup = app === 'apiserver' ? cgroupFor() : undefined;
      if (cgroup === undefined) return { command, args };
      return { command: 'sh', args: ['-c', `echo $$ > ${cgroup.procsFile} && exec "$0" "$@"`, command, ...args] };
    },
  });
  const isUp = (): boolean => fleet.cluster.endpoints(DEFAULT_NAMESPACE, APISERVER_SERVICE).length === 3 && fleet.hasReported();
  if (!(await fleet.until(isUp, START_MS))) throw new Error('the cluster did not come up');
  secureContext = createSecureContext({ ca: fleet.simulation.apiserverCaPem() });
});
afterEach(() => {
  fleet.api.faults.beforeRequest = undefined;
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(async () => {
  await fleet.close();
  await Promise.all(cgroups.map((cgroup) => cgroup.remove()));
});

/** Opens a TLS connection and writes to it. Resolves when it is open, or closed again. */
function open(text = ''): Promise<TLSSocket> {
  const { hostname, port } = new URL(fleet.simulation.apiserverUrl);
  const socket = connect({ host: hostname, port: Number(port), secureContext });
  sockets.push(socket);
  // Otherwise the test would not notice that the other side has ended it.
  socket.on('error', () => undefined).resume();
  return new Promise((resolve) => {
    socket.once('close', () => {
      resolve(socket);
    });
    socket.once('secureConnect', () => {
      socket.write(text);
      resolve(socket);
    });
  });
}

/** Opens this number of connections, some at a time. */
async function openMany(count: number, text?: (at: number) => string): Promise<TLSSocket[]> {
  const opened: TLSSocket[] = [];
  for (let at = 0; at < count; at += 50)
    opened.push(...(await Promise.all(Array.from({ length: Math.min(50, count - at) }, (_, next) => open(text?.(at + next))))));
  return opened;
}

interface Answer {
  readonly status: number | undefined;
  readonly ms: number;
}

function ask(method: string, path: string, headers: Record<string, string>, body = ''): Promise<Answer> {
  const begunMs = systemClock.monotonic();
  return new Promise((resolve) => {
    const answer = (status: number | undefined): void => {
      resolve({ status, ms: Math.round(systemClock.monotonic() - begunMs) });
    };
    const asked = request(`${fleet.simulation.apiserverUrl}${path}`, {
      method,
      ca: fleet.simulation.apiserverCaPem(),
      agent: false,
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      timeout: 3 * LIMIT_MS,
    });
    asked.on('error', () => {
      answer(undefined);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('response', (response) => {
      response.resume().once('end', () => {
        answer(response.statusCode);
      });
    });
    asked.end(body);
  });
}

/** A genuine agent with a token that is new to every replica, on a new connection. */
function askAsAgent(): Promise<Answer> {
  const { metadata, spec } = fleet.podsOf(AGENT_COMPONENT)[0] ?? {};
  const nodeName = (spec as { nodeName?: string } | undefined)?.nodeName ?? '';
  const token = fleet.api.issueToken({
    serviceAccount: { namespace: DEFAULT_NAMESPACE, name: AGENT_SERVICE_ACCOUNT },
    audiences: [TOKEN_AUDIENCE],
    pod: { name: metadata?.name ?? '', uid: metadata?.uid ?? '' },
    node: { name: nodeName, uid: fleet.nodeObject(nodeName)?.metadata.uid ?? '' },
  });
  return ask('GET', ROUTES.shadow, { [HEADERS.nodeName]: nodeName, [HEADERS.token]: token });
}

/** Prints the figures. @returns the memory of the largest apiserver in MiB; 0 if it is not measured */
function measured(name: string, honest: Answer): number {
  const used = cgroups.map((cgroup) => cgroup.sample()).map(({ anon, kernel }) => Math.round((anon + kernel) / MIB));
  print(`${name}: answered ${String(honest.status)} in ${String(honest.ms)} ms, apiservers use ${used.join(', ')} MiB`);
  return Math.max(0, ...used);
}

function expectServed(name: string, honest: Answer): void {
  const used = measured(name, honest);
  expect(honest.status).toBe(200);
  expect(honest.ms).toBeLessThan(LIMIT_MS);
  expect(used).toBeLessThan(MOST_MIB);
}

describe('an honest client is served within its timeout', () => {
  test('while 1,600 idle TLS connections are open, more than strangers may have', async () => {
    const opened = await openMany(1_600);
    // Younger ones may be in the middle of their handshake, and are left alone.
    await sleep(systemClock, 2_500);
    expectServed('1,600 idle connections', await askAsAgent());
    if (cgroups.length > 0) expect(opened.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(3 * 512);
  });

  test('while 600 strangers send garbage as a token and hang up, and each of their reviews takes 5 s', async () => {
    fleet.api.faults.beforeRequest = async (asked) => {
      const isOfStranger = asked.path.endsWith('/tokenreviews') && String(asked.body).includes('stranger-');
      if (isOfStranger) await sleep(systemClock, 5_000);
      return undefined;
    };
    const head = (at: number): string =>
      `GET ${ROUTES.shadow} HTTP/1.1\r\nhost: x\r\n${HEADERS.nodeName}: node-1\r\n${HEADERS.token}: stranger-${String(at)}\r\n\r\n`;
    for (const socket of await openMany(600, head)) socket.destroy();
    expectServed('600 strangers that hang up', await askAsAgent());
  });

  test('while 200 connections announce reviews of 256 kB, and as many reviews of 16 MB, and send one byte', async () => {
    const head = (at: number): string =>
      `POST ${ROUTES.convert} HTTP/1.1\r\nhost: x\r\ncontent-length: ${at % 2 === 0 ? '256000' : '16000000'}\r\n\r\n{`;
    await openMany(400, head);
    const review = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'ConversionReview',
      request: { uid: 'u', desiredAPIVersion: 'x', objects: [] },
    };
    expectServed('400 announced bodies', await ask('POST', ROUTES.convert, {}, JSON.stringify(review)));
  });

  // Last, since it covers all of the above.
  test('and no apiserver was restarted, or killed for its memory, or logged more than a few lines about strangers', () => {
    expect(cgroups.map((cgroup) => cgroup.sample().oomKills)).toEqual(cgroups.map(() => 0));
    expect(fleet.crashes).toEqual([]);
    expect(fleet.lines.filter(({ text }) => text.includes('Denying a request')).length).toBeLessThan(20);
  });
});
