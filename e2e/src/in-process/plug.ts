import type { HttpClient, HttpResponse } from '@brupop/ports';

/** The wire of one process: once pulled, nothing that the process still tries has any effect, as after SIGKILL. */
export class Plug {
  #pulled = false;

  pull(): void {
    this.#pulled = true;
  }

  /** A client over this wire. */
  wire(client: HttpClient): HttpClient {
    return {
      request: async (request, signal): Promise<HttpResponse> => {
        if (this.#pulled) throw new Error('the process was killed');
        return client.request(request, signal);
      },
    };
  }
}
