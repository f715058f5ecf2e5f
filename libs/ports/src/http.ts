/** Header names are lower case, in requests and in responses. */
export type HttpHeaders = Readonly<Record<string, string>>;

/** One HTTP request, independent of its connection. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query, such as `/api/v1/nodes?limit=500`. */
  readonly path: string;
  readonly headers?: HttpHeaders;
  /** The whole body as text; absent if there is none. */
  readonly body?: string;
}

/** One HTTP response. Its body can be read once, either as a whole or in chunks. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: HttpHeaders;
  /** Reads the body to its end. */
  text(): Promise<string>;
  /** The body as it arrives; leaving the loop early closes the stream. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * An HTTP client: over sockets in production, a function call in tests.
 * Resolves with a response of any status; rejects only after a transport failure or an abort.
 */
export interface HttpClient {
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
}

/** An HTTP server: answers one request. `signal` aborts when the client disconnects. */
export type HttpHandler = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>;

/** A response whose whole body is known. */
export function textResponse(status: number, body = '', headers: HttpHeaders = {}): HttpResponse {
  return {
    status,
    headers,
    text: () => Promise.resolve(body),
    chunks: (async function* (): AsyncGenerator<Uint8Array> {
      await Promise.resolve();
      if (body !== '') yield new TextEncoder().encode(body);
    })(),
  };
}

/** A JSON response. */
export function jsonResponse(status: number, body: unknown, headers: HttpHeaders = {}): HttpResponse {
  return textResponse(status, JSON.stringify(body), { 'content-type': 'application/json', ...headers });
}

/** A response that streams text, such as a watch. */
export function streamResponse(status: number, pieces: AsyncIterable<string>, headers: HttpHeaders = {}): HttpResponse {
  const encoder = new TextEncoder();
  const chunks = (async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) yield encoder.encode(piece);
  })();
  return {
    status,
    headers,
    chunks,
    async text() {
      let whole = '';
      for await (const piece of pieces) whole += piece;
      return whole;
    },
  };
}

/**
 * Calls a handler as if over a connection. An abort of the caller's signal rejects immediately, also while the body is being read, and
 * aborts the signal of the handler; so does leaving the body early.
 */
export function inProcessClient(handler: HttpHandler): HttpClient {
  return {
    request(request, signal) {
      return new Promise((resolve, reject) => {
        const connection = new AbortController();
        const onAbort = (): void => {
          connection.abort(signal.reason);
          reject(signal.reason as Error);
        };
        if (signal.aborted) {
          onAbort();
          return;
        }
        signal.addEventListener('abort', onAbort, { once: true });
        handler(request, connection.signal)
          .then((response) => {
            resolve(received(response, connection, signal));
          }, reject)
          .finally(() => {
            signal.removeEventListener('abort', onAbort);
          });
      });
    },
  };
}

/** The response as the client sees it. */
function received(response: HttpResponse, connection: AbortController, signal: AbortSignal): HttpResponse {
  const chunks: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]() {
      const source = response.chunks[Symbol.asyncIterator]();
      let rejectPending: ((reason: Error) => void) | undefined;
      const onAbort = (): void => {
        connection.abort(signal.reason);
        rejectPending?.(signal.reason as Error);
      };
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
      const end = (): void => {
        signal.removeEventListener('abort', onAbort);
      };
      return {
        next: () =>
          new Promise((resolve, reject) => {
            if (signal.aborted) {
              reject(signal.reason as Error);
              return;
            }
            const fail: (reason: Error) => void = reject;
            rejectPending = fail;
            source.next().then(
              (result) => {
                if (result.done === true) end();
                resolve(result);
              },
              (error: unknown) => {
                end();
                fail(error as Error);
              },
            );
          }),
        return() {
          end();
          connection.abort(new Error('the client disconnected'));
          // Not awaited: the source may be waiting for something else.
          source.return?.().catch(() => undefined);
          return Promise.resolve({ done: true, value: undefined });
        },
      };
    },
  };
  return {
    status: response.status,
    headers: response.headers,
    chunks,
    async text() {
      const decoder = new TextDecoder();
      let whole = '';
      for await (const chunk of chunks) whole += decoder.decode(chunk, { stream: true });
      return whole + decoder.decode();
    },
  };
}
