import type { HttpClient, HttpResponse } from '@brupop/ports';

/** The network link of one process. Once cut, as by SIGKILL, requests of the process have no effect, and its clients get no answers. */
export class NetworkLink {
  readonly #pulled = new AbortController();

  cut(): void {
    this.#pulled.abort(new Error('connection reset: the process was killed'));
  }

  /** A client of the process over this link. */
  outgoing(client: HttpClient): HttpClient {
    return {
      request: async (request, signal): Promise<HttpResponse> => {
        this.#pulled.signal.throwIfAborted();
        return client.request(request, signal);
      },
    };
  }

  /** The process as others reach it over this link. */
  incoming(client: HttpClient): HttpClient {
    return { request: (request, signal) => client.request(request, AbortSignal.any([signal, this.#pulled.signal])) };
  }
}
