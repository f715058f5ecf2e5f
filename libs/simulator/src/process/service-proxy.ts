import { createServer, connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** Where a connection may be sent. */
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
 * What kube-proxy does for a Service: gives it one address, and each new connection to the next ready endpoint.
 * A connection that finds no endpoint is reset.
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

/** A TCP port of the loopback interface that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
