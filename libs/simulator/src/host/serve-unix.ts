import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpHandler, HttpRequest } from '@brupop/ports';

/** A listening unix socket. */
export interface UnixServer {
  readonly socketPath: string;
  /** Closes all connections and removes the socket. */
  close(): Promise<void>;
}

// The real server closes connections that are idle for this long (host API, point 11).
const IDLE_MS = 5_000;

/**
 * Serves `handler` on a new unix socket at `socketPath`, in place of any existing file.
 * A handler that rejects stands for a dead server: the connection is closed without an answer.
 */
export async function serveUnix(handler: HttpHandler, socketPath: string): Promise<UnixServer> {
  await rm(socketPath, { force: true });
  const server = createServer({ keepAliveTimeout: IDLE_MS }, (incoming, outgoing) => {
    answer(handler, incoming, outgoing).catch(() => {
      incoming.socket.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  return {
    socketPath,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      });
      await rm(socketPath, { force: true });
    },
  };
}

async function answer(handler: HttpHandler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.once('close', () => {
    gone.abort(new Error('the client has gone'));
  });
  let body = '';
  incoming.setEncoding('utf8');
  for await (const piece of incoming) body += String(piece);
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
  const method = (incoming.method ?? 'GET') as HttpRequest['method'];
  const response = await handler({ method, path: incoming.url ?? '/', headers, ...(body === '' ? {} : { body }) }, gone.signal);
  const text = await response.text();
  const hasBody = response.status !== 204 && response.status !== 304;
  outgoing.writeHead(response.status, { ...response.headers, ...(hasBody ? { 'content-length': String(Buffer.byteLength(text)) } : {}) });
  outgoing.end(hasBody ? text : undefined);
}
