import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpClient } from '@brupop/ports';
import { textResponse } from '@brupop/ports';
import type { Express } from 'express';
import inject from 'light-my-request';

/** Calls an express app without a socket. An abort rejects immediately and closes the response, like a broken connection. */
export function injectClient(app: Express): HttpClient {
  // Given an express app itself, the library adapts express's prototypes; it does not recognize a wrapped one.
  const adapted = inject(app, { url: '/ping' });
  adapted.catch(() => undefined);
  return {
    request: ({ method, path, headers = {}, body }, signal) =>
      new Promise((resolve, reject) => {
        let onAbort = (): void => {
          reject(signal.reason as Error);
        };
        if (signal.aborted) {
          onAbort();
          return;
        }
        const dispatch = (request: IncomingMessage, response: ServerResponse): void => {
          // The injected socket lacks what express calls on a broken connection.
          Object.assign(request.socket, { destroy: () => undefined });
          onAbort = () => {
            reject(signal.reason as Error);
            response.destroy();
          };
          app(request, response);
        };
        const listener = (): void => {
          onAbort();
        };
        signal.addEventListener('abort', listener, { once: true });
        inject(dispatch, {
          method,
          url: path,
          headers: { ...headers },
          ...(body === undefined ? {} : { payload: body }),
        })
          .then((response) => {
            const received = Object.entries(response.headers).flatMap(([name, value]) =>
              value === undefined ? [] : [[name, String(value)]],
            );
            resolve(textResponse(response.statusCode, response.payload, Object.fromEntries(received) as Record<string, string>));
          }, reject)
          .finally(() => {
            signal.removeEventListener('abort', listener);
          });
      }),
  };
}
