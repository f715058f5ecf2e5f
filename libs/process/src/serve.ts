import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { BrupopError, systemClock } from '@brupop/ports';
import type { Clock, Logger } from '@brupop/ports';
import { ConnectionGuard } from './connection-guard.ts';
import type { ConnectionLimits, GuardedConnection } from './connection-guard.ts';
import { availableMemory, connectionLimits } from './connection-limits.ts';

/** What answers requests; an express app is one. */
export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/** Where and how a server listens. */
export interface ServeOptions {
  /** 0 lets the system choose. */
  readonly port: number;
  /** Address to listen on; all of them by default. */
  readonly host?: string;
  /** Certificate and key; absent means plain HTTP. */
  readonly tls?: SecureContextOptions;
  readonly limits?: Partial<ServeLimits>;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** What one client may take. Past a limit its connection is cut, if it can still be told with 408. */
export interface ServeLimits {
  /** Longest time for a TLS handshake; 30 s by default: thousands that come at once wait for their turn, and whoever is cut begins anew. */
  readonly handshakeMs: number;
  /** Longest time until the head of a request has arrived, counted from the connection for the first; 30 s by default. */
  readonly headMs: number;
  /** Longest time until a request has arrived, its body included; 30 s by default. Answers may take for ever. */
  readonly requestMs: number;
  /** Connections at a time; see {@link ConnectionLimits}. By default as many as the memory of the process is for. */
  readonly connections: ConnectionLimits;
}

const LIMITS: Omit<ServeLimits, 'connections'> = { handshakeMs: 30_000, headMs: 30_000, requestMs: 30_000 };
/** How late a limit may be noticed. */
const CHECK_MS = 5_000;

/** A server that listens. */
export interface RunningServer {
  readonly port: number;
  /** New connections get the new certificate; those that are open stay. */
  setSecureContext(tls: SecureContextOptions): void;
  /** Takes no new connections, lets requests under way finish for `graceMs`, then cuts them. */
  close(graceMs: number): Promise<void>;
}

/**
 * Serves HTTP or HTTPS.
 * @throws {@link BrupopError} `LISTEN` if the port cannot be had
 */
export async function serve(handler: RequestListener, options: ServeOptions): Promise<RunningServer> {
  const { port, host, tls, log, clock = systemClock } = options;
  let closing = false;
  const limits: ServeLimits = { ...LIMITS, connections: connectionLimits(availableMemory()), ...options.limits };
  const guard = new ConnectionGuard(clock, limits.connections);
  const connections = new Map<string, GuardedConnection>();
  const onConnection = (socket: Socket): void => {
    const connection = guard.enter(socket.remoteAddress ?? '', () => {
      socket.destroy();
    });
    if (connection === undefined) {
      socket.destroy();
      return;
    }
    const key = endOf(socket);
    connections.set(key, connection);
    socket.once('close', () => {
      if (connections.get(key) === connection) connections.delete(key);
      connection.closed();
    });
  };
  const listener: RequestListener = (request, response) => {
    const connection = connections.get(endOf(request.socket));
    if (connection !== undefined) {
      CONNECTIONS.set(request.socket, connection);
      response.once('close', connection.request());
    }
    if (closing) response.setHeader('connection', 'close');
    response.once('close', () => {
      if (closing) {
        setImmediate(() => {
          server.closeIdleConnections();
        });
      }
    });
    handler(request, response);
  };
  const timeouts = {
    headersTimeout: limits.headMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: Math.min(CHECK_MS, limits.headMs),
  };
  const server: Server | HttpsServer =
    tls === undefined
      ? createHttpServer(timeouts, listener)
      : createHttpsServer({ ...tls, ...timeouts, handshakeTimeout: limits.handshakeMs }, listener);
  server.on('connection', onConnection);
  // Longer than the pause between two requests of an agent: TLS handshakes are what costs.
  server.keepAliveTimeout = 75_000;
  await listening(server, port, host);
  server.on('error', (error) => {
    log.error('The server failed', { error });
  });
  const { port: bound } = server.address() as AddressInfo;
  log.info('Listening', { port: bound, scheme: tls === undefined ? 'http' : 'https' });
  return {
    port: bound,
    setSecureContext(next) {
      if (server instanceof HttpsServer) server.setSecureContext(next);
    },
    close(graceMs) {
      closing = true;
      return new Promise((resolve) => {
        const cancel = clock.setTimer(graceMs, () => {
          log.warn('Closing connections whose requests did not finish in time', { graceMs });
          server.closeAllConnections();
        });
        server.close(() => {
          cancel();
          resolve();
        });
        server.closeIdleConnections();
      });
    },
  };
}

/** By socket: where {@link vouchFor} finds the connection of a request. */
const CONNECTIONS = new WeakMap<Socket, GuardedConnection>();

/** Tells the server of a request who its caller is: the connection of a caller that is known stays, when strangers take too many. `undefined`: a stranger. */
export function vouchFor(request: IncomingMessage, caller: string | undefined): void {
  CONNECTIONS.get(request.socket)?.vouch(caller);
}

/** The other end. A TLS socket and the socket under it have the same. */
function endOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${String(remotePort)}`;
}

function listening(server: Server, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (cause: Error): void => {
      reject(new BrupopError('LISTEN', `Cannot listen on port ${String(port)}: ${cause.message}`, { retry: 'transient', cause }));
    };
    server.once('error', onError);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', onError);
      resolve();
    });
  });
}
