import { randomInt } from 'node:crypto';
import { createServer, connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

const FIRST_PORT = 16_384;
const END_OF_PORTS = 32_768;

/** The destination of a connection. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A listening Service address. */
export interface ServiceProxy {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * What kube-proxy does for a Service: it serves one address and sends each new connection to the next ready endpoint.
 * A connection without an endpoint is reset.
 * @param at the address; by default any free port of the loopback interface
 */
export async function serveService(
  endpoints: () => readonly Endpoint[],
  at: Endpoint = { host: '127.0.0.1', port: 0 },
): Promise<ServiceProxy> {
  let turn = 0;
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const ready = endpoints();
    const endpoint = ready[turn++ % Math.max(1, ready.length)];
    if (endpoint === undefined) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ ...endpoint, noDelay: true });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from);
      from.on('error', () => {
        to.destroy();
      });
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of open) socket.destroy();
      }),
  };
}

/**
 * A TCP port of the loopback interface that was free a moment ago, below the ephemeral ports (from 32768 on Linux, 49152 elsewhere):
 * the system could assign one of those to another connection before a process that has yet to start listens on it.
 * @throws Error if none of many is free
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(FIRST_PORT, END_OF_PORTS);
    if (await canListen(port)) return port;
  }
  throw new Error(`no free port from ${String(FIRST_PORT)} to ${String(END_OF_PORTS - 1)}`);
}

function canListen(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
