import type { HttpClient, HttpResponse } from '@brupop/ports';

/** The wire of one process. Once it is pulled, as by SIGKILL, nothing has any effect that the process still tries, and nobody gets an answer. */
export class NetworkLink {
  readonly #pulled = new AbortController();

  cut(): void {
    this.#pulled.abort(new Error('connection reset: the process was killed'));
  }

  /** A client of the process over this wire. */
  outgoing(client: HttpClient): HttpClient {
    return {
      request: async (request, signal): Promise<HttpResponse> => {
        this.#pulled.signal.throwIfAborted();
        return client.request(request, signal);
      },
    };
  }

  /** The process as others reach it over this wire. */
  incoming(client: HttpClient): HttpClient {
    return { request: (request, signal) => client.request(request, AbortSignal.any([signal, this.#pulled.signal])) };
  }
}
