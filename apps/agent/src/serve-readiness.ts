import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeError, type Logger } from '@brupop/ports';

/** The server of the readiness probe. */
export interface ReadinessServer {
  /** The port that it listens on; undefined if it could not. */
  readonly port: number | undefined;
  close(): void;
}

// The kubelet sends one request every few seconds. Other clients must not cost much.
const LIMITS = { maxHeaderSize: 4_096, headersTimeout: 5_000, requestTimeout: 5_000, keepAlive: false } as const;
const MOST_CONNECTIONS = 16;

/** Answers `GET /readyz` with 200, or with 503 and the reason. If the port is not available, the agent works, but never becomes Ready. */
export function serveReadiness(problem: () => string | undefined, port: number, log: Logger): Promise<ReadinessServer> {
  const server = createServer(LIMITS, (request, response) => {
    const isKnown = request.method === 'GET' && request.url === '/readyz';
    const reason = isKnown ? problem() : undefined;
    response.writeHead(isKnown ? (reason === undefined ? 200 : 503) : 404, { 'content-type': 'text/plain', connection: 'close' });
    response.end(isKnown ? `${reason ?? 'ready'}\n` : '');
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
