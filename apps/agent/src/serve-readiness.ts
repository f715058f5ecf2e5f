import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeError } from '@brupop/process';
import type { Logger } from '@brupop/process';

/** A server that tells a kubelet whether the agent is ready. */
export interface ReadinessServer {
  /** The port that it listens on; undefined if it could not. */
  readonly port: number | undefined;
  close(): void;
}

// One kubelet asks every few seconds. Whoever else gets through shall cost next to nothing.
const LIMITS = { maxHeaderSize: 4_096, headersTimeout: 5_000, requestTimeout: 5_000, keepAlive: false } as const;
const MOST_CONNECTIONS = 16;

/** Answers `GET /readyz` with 200, or with 503 and why not. Without its port the agent works all the same, and is never Ready. */
export function serveReadiness(problem: () => string | undefined, port: number, log: Logger): Promise<ReadinessServer> {
  const server = createServer(LIMITS, (request, response) => {
    const isKnown = request.method === 'GET' && request.url === '/readyz';
    const why = isKnown ? problem() : undefined;
    response.writeHead(isKnown ? (why === undefined ? 200 : 503) : 404, { 'content-type': 'text/plain', connection: 'close' });
    response.end(isKnown ? `${why ?? 'ready'}\n` : '');
  });
  server.maxConnections = MOST_CONNECTIONS;
  return new Promise((resolve) => {
    server.on('error', (error) => {
      log.warn('Cannot serve the readiness probe; the pod will not become Ready', { port, reason: describeError(error) });
      resolve({ port: undefined, close: () => undefined });
    });
    server.listen(port, () => {
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () => {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}
