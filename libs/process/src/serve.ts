import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { BrupopError, systemClock, type Clock, type Logger } from '@brupop/ports';
import { ConnectionGuard, type ConnectionLimits, type GuardedConnection } from './connection-guard.ts';
import { availableMemory, connectionLimits } from './connection-limits.ts';

/** Answers requests; an express app is one. */
export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/** Options of {@link serve}. */
export interface ServeOptions {
  /** 0 lets the operating system choose. */
  readonly port: number;
  /** Address to listen on; every address by default. */
  readonly host?: string;
  /** Certificate and key; absent for plain HTTP. */
  readonly tls?: SecureContextOptions;
  readonly limits?: Partial<ServeLimits>;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** Limits of one client. If it exceeds one, its connection is closed, with status 408 if possible. */
export interface ServeLimits {
  /**
   * Timeout of a TLS handshake; 30 s by default: thousands of simultaneous handshakes take long, and a client that is cut off starts again.
   */
  readonly handshakeMs: number;
  /** Timeout of the headers of a request, for the first request from the connection; 30 s by default. */
  readonly headMs: number;
  /** Timeout of a request, including its body; 30 s by default. Responses have no timeout. */
  readonly requestMs: number;
  /** Maximum number of open connections; by default what fits into the memory of the process. */
  readonly connections: ConnectionLimits;
}

const LIMITS: Omit<ServeLimits, 'connections'> = { handshakeMs: 30_000, headMs: 30_000, requestMs: 30_000 };
/** How often timeouts are checked. */
const CHECK_MS = 5_000;

/** A listening server. */
export interface RunningServer {
  readonly port: number;
  /** Sets the certificate of new connections; open ones stay. */
  setSecureContext(tls: SecureContextOptions): void;
  /** Stops accepting connections, waits up to `graceMs` for pending requests, then closes their connections. */
  close(graceMs: number): Promise<void>;
}

/**
 * Serves HTTP or HTTPS.
 * @throws `BrupopError` `LISTEN` if the server cannot listen on the port
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
    const key = remoteEndOf(socket);
    connections.set(key, connection);
    socket.once('close', () => {
      if (connections.get(key) === connection) connections.delete(key);
      connection.closed();
    });
  };
  const listener: RequestListener = (request, response) => {
    const connection = connections.get(remoteEndOf(request.socket));
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
  // Longer than the interval between two requests of an agent, because TLS handshakes are expensive.
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

/** The connection of each socket, for {@link vouchFor}. */
const CONNECTIONS = new WeakMap<Socket, GuardedConnection>();

/**
 * Identifies the caller of a request to its server, which then keeps the connection when unknown callers open too many. Undefined for an
 * unknown caller.
 */
export function vouchFor(request: IncomingMessage, caller: string | undefined): void {
  CONNECTIONS.get(request.socket)?.vouch(caller);
}

/** The remote end of a socket; the same for a TLS socket and the TCP socket below it. */
function remoteEndOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
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
