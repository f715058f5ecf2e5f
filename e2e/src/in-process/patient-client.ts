import type { Clock, HttpClient } from '@brupop/ports';
import { BrupopError } from '@brupop/ports';

/** A client that waits at most this long for an answer, like one over sockets. */
export function patientClient(client: HttpClient, clock: Clock, timeoutMs: number): HttpClient {
  return {
    async request(request, signal) {
      const late = new AbortController();
      const cancel = clock.setTimer(timeoutMs, () => {
        const problem = `${request.method} ${request.path} was not answered within ${String(timeoutMs / 1_000)} s`;
        late.abort(new BrupopError('HTTP_TIMEOUT', problem, { retry: 'transient' }));
      });
      try {
        return await client.request(request, AbortSignal.any([signal, late.signal]));
      } finally {
        cancel();
      }
    },
  };
}
