import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { HttpHandler, HttpRequest } from '@brupop/ports';
import { createCertificateAuthority } from '../../tls/certificate-authority.ts';
import { StatusError } from './status.ts';

/** Address and certificate of the server. Without a certificate it makes its own authority. */
export interface ServeHttpsOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly certPem?: string;
  readonly keyPem?: string;
  /** Authority of `certPem`; only passed on. */
  readonly caPem?: string;
}

/** A running server. */
export interface HttpsServer {
  readonly url: string;
  readonly port: number;
  /** The authority that clients must trust. */
  readonly caPem: string;
  /** Stops listening and closes all connections. */
  close(): Promise<void>;
}

// Twice etcd's limit on a request, as in the API server.
const LONGEST_BODY = 3 * 1024 * 1024;
const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** Serves a handler over HTTPS with keep-alive. Responses are streamed; a disconnected client ends the handler's work. */
export async function serveHttps(handler: HttpHandler, options: ServeHttpsOptions = {}): Promise<HttpsServer> {
  const { port = 0, host = '127.0.0.1' } = options;
  const { certPem, keyPem, caPem } = await certificateOf(options, host);
  const server = createServer({ cert: certPem, key: keyPem, keepAlive: true }, (request, response) => {
    // The response has started, so an error status is no longer possible: the socket is destroyed.
    answer(handler, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `https://${host.includes(':') ? `[${host}]` : host}:${String(address.port)}`,
    port: address.port,
    caPem,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function certificateOf(options: ServeHttpsOptions, host: string): Promise<{ certPem: string; keyPem: string; caPem: string }> {
  const { certPem, keyPem, caPem } = options;
  if (certPem !== undefined && keyPem !== undefined) return { certPem, keyPem, caPem: caPem ?? certPem };
  const authority = await createCertificateAuthority();
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'];
  const names = [...new Set(['localhost', '127.0.0.1', '::1', host, ...service])];
  return { ...(await authority.issue({ commonName: 'kube-apiserver', names })), caPem: authority.caPem };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > LONGEST_BODY) {
      throw new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${String(LONGEST_BODY)}`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

async function answer(handler: HttpHandler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const abort = new AbortController();
  outgoing.once('close', () => {
    abort.abort(new Error('the client has gone'));
  });
  const method = incoming.method ?? '';
  if (!METHODS.has(method)) {
    outgoing.writeHead(405).end();
    return;
  }
  let body: string;
  try {
    body = await readBody(incoming);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    outgoing.writeHead(413, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(error.body));
    return;
  }
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
  const request: HttpRequest = { method: method as HttpRequest['method'], path: incoming.url ?? '/', headers, body };
  const response = await handler(request, abort.signal);
  const type = response.headers['content-type'] ?? '';
  outgoing.writeHead(response.status, { ...response.headers, 'content-type': type });
  outgoing.flushHeaders();
  for await (const chunk of response.chunks) {
    if (abort.signal.aborted) return;
    if (outgoing.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        outgoing.off('drain', done);
        outgoing.off('close', done);
        resolve();
      };
      outgoing.once('drain', done);
      outgoing.once('close', done);
    });
  }
  outgoing.end();
}
