import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { createSecureContext, type SecureContextOptions, type SecureContext } from 'node:tls';
import { systemClock, type Clock } from './clock.ts';
import { withDeadline } from './deadline.ts';
import { BrupopError } from './errors.ts';
import type { HttpClient, HttpHeaders, HttpRequest, HttpResponse } from './http.ts';
import { lookupOr } from './lookup.ts';

interface Limits {
  /** Timeout of the connection, including TLS; 5 s by default. */
  readonly connectTimeoutMs?: number;
  /** Timeout from the request to the headers of the response; 30 s by default. The body has no timeout. */
  readonly responseTimeoutMs?: number;
  /** Whether connections are reused; true by default. */
  readonly keepAlive?: boolean;
  readonly clock?: Clock;
}

/** A server by its URL. */
export interface UrlTarget extends Limits {
  /** `http://…` or `https://…`; its path, if any, is the prefix of the path of each request. */
  readonly baseUrl: string;
  /** Called before each request. Connections are shared while it returns the same object; another object retires them. */
  readonly tls?: () => SecureContext | SecureContextOptions;
  /** The name in the server's certificate, if it is not the host of `baseUrl`. */
  readonly serverName?: string;
  /** Address to use if the host name cannot be resolved. */
  readonly fallbackAddress?: string | undefined;
  /** False accepts any certificate; only for a kubeconfig that requires it. */
  readonly rejectUnauthorized?: boolean;
}

/** A server on a unix socket. */
export interface SocketTarget extends Limits {
  readonly socketPath: string;
}

/** Where an HTTP client sends its requests. */
export type HttpTarget = UrlTarget | SocketTarget;

/** An HTTP client that keeps connections open. */
export interface ClosableHttpClient extends HttpClient {
  /** Closes every connection. */
  close(): void;
}

/**
 * An HTTP client on `node:http` and `node:https`.
 * @throws (from `request`) {@link BrupopError} `HTTP_CONNECT`, `HTTP_TIMEOUT` or `HTTP_RESET`, all transient; or the reason of the signal
 */
export function nodeHttpClient(target: HttpTarget): ClosableHttpClient {
  const connections = 'socketPath' in target ? socketConnections(target) : urlConnections(target);
  return {
    async request(request, signal) {
      try {
        return await exchange(target, connections.options(request), request, signal);
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error;
        connections.dropIdle();
        return await exchange(target, connections.options(request), request, signal, false);
      }
    },
    close: () => {
      connections.close();
    },
  };
}

interface Connections {
  options(request: HttpRequest): RequestOptions & { readonly secure: boolean };
  dropIdle(): void;
  close(): void;
}

function socketConnections({ socketPath, keepAlive = true }: SocketTarget): Connections {
  const agent = new HttpAgent({ keepAlive });
  return {
    options: ({ path }) => ({ secure: false, agent, socketPath, path, headers: { host: 'localhost' } }),
    dropIdle: () => {
      dropIdle(agent);
    },
    close: () => {
      agent.destroy();
    },
  };
}

function urlConnections(target: UrlTarget): Connections {
  const { baseUrl, tls, serverName, fallbackAddress, rejectUnauthorized = true, keepAlive = true, clock } = target;
  const url = new URL(baseUrl);
  const secure = url.protocol === 'https:';
  const prefix = url.pathname.replace(/\/+$/, '');
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const lookup = fallbackAddress === undefined ? undefined : lookupOr(fallbackAddress, clock === undefined ? {} : { clock });
  let material: SecureContext | SecureContextOptions | undefined;
  let agent: HttpAgent | undefined;
  const current = (): HttpAgent => {
    const wanted = secure ? tls?.() : undefined;
    if (agent !== undefined && wanted === material) return agent;
    const next = secure
      ? new HttpsAgent({
          keepAlive,
          rejectUnauthorized,
          ...(serverName === undefined ? {} : { servername: serverName }),
          ...(wanted === undefined ? {} : { secureContext: 'context' in wanted ? wanted : createSecureContext(wanted) }),
        })
      : new HttpAgent({ keepAlive });
    if (agent !== undefined) retire(agent);
    material = wanted;
    agent = next;
    return next;
  };
  return {
    options: ({ path }) => ({
      secure,
      agent: current(),
      hostname,
      ...(lookup === undefined ? {} : { lookup }),
      path: prefix + path,
      headers: { host: url.host },
      ...(url.port === '' ? {} : { port: url.port }),
    }),
    dropIdle: () => {
      if (agent !== undefined) dropIdle(agent);
    },
    close: () => agent?.destroy(),
  };
}

function dropIdle(agent: HttpAgent): void {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

/** Closes idle connections now, and each other one when its request is done. */
function retire(agent: HttpAgent): void {
  Object.assign(agent, { keepAlive: false });
  dropIdle(agent);
}

/** The server closed an idle connection just when we reused it, and has not seen the request. */
class StaleConnection extends Error {}

// These are safe to send twice, so that a connection that broke can be replaced silently (RFC 9110 §9.2.2).
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'PUT', 'DELETE']);

function exchange(
  { connectTimeoutMs = 5_000, responseTimeoutMs = 30_000, clock = systemClock }: HttpTarget,
  { secure, ...options }: RequestOptions & { readonly secure: boolean },
  { method, headers, body }: HttpRequest,
  signal: AbortSignal,
  mayRepeat = true,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const request: ClientRequest = (secure ? httpsRequest : httpRequest)({
      ...options,
      method,
      headers: {
        ...(options.headers as HttpHeaders),
        ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
        ...headers,
      },
    });
    let connected = false;
    const deadline = withDeadline(clock, signal, connectTimeoutMs, timeoutOf('The connection'));
    const fail = (error: Error): void => {
      deadline.dispose();
      reject(error);
      request.destroy();
    };
    deadline.signal.addEventListener('abort', () => {
      fail(deadline.signal.reason as Error);
    });
    const onConnected = (): void => {
      connected = true;
      deadline.extend(responseTimeoutMs, timeoutOf('The response'));
    };
    request.once('socket', (socket) => {
      if (request.reusedSocket) onConnected();
      else socket.once(secure ? 'secureConnect' : 'connect', onConnected);
    });
    request.on('error', (cause) => {
      if (mayRepeat && request.reusedSocket && IDEMPOTENT.has(method) && !signal.aborted) fail(new StaleConnection());
      else fail(transportError(connected, cause));
    });
    request.once('response', (message) => {
      deadline.dispose();
      resolve(responseOf(message, signal));
    });
    request.end(body);
  });
}

const timeoutOf = (what: string) => (limitMs: number) =>
  new BrupopError('HTTP_TIMEOUT', `${what} took longer than ${String(limitMs)} ms`, { retry: 'transient' });

function transportError(connected: boolean, cause: Error): BrupopError {
  return connected
    ? new BrupopError('HTTP_RESET', `The connection broke: ${cause.message}`, { retry: 'transient', cause })
    : new BrupopError('HTTP_CONNECT', `Cannot connect: ${cause.message}`, { retry: 'transient', cause });
}

function responseOf(message: IncomingMessage, signal: AbortSignal): HttpResponse {
  const onAbort = (): void => void message.destroy(signal.reason as Error);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  message.once('close', () => {
    signal.removeEventListener('abort', onAbort);
  });
  // An unhandled error would end the process.
  message.on('error', () => undefined);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  // Callers do not read a body that is known to be empty, but an unread one would occupy its connection.
  const empty = message.statusCode === 204 || message.statusCode === 304 || headers['content-length'] === '0';
  if (empty) message.resume();
  const chunks = empty ? nothing() : chunksOf(message, signal);
  return {
    status: message.statusCode ?? 0,
    headers,
    chunks,
    async text() {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(chunk);
      return Buffer.concat(parts).toString('utf8');
    },
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // Empty.
}

async function* chunksOf(message: IncomingMessage, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of message) yield chunk as Uint8Array;
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw transportError(true, cause as Error);
  }
}
