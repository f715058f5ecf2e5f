import { shortenText } from '@brupop/kube-objects';
import { describeError, type Clock, type HttpClient, type HttpRequest, type HttpResponse } from '@brupop/ports';

/** Whether the agent gets successful responses from its host and its apiserver: the answer to the readiness probe. */
export interface Readiness {
  /** Why the agent is not ready, as a message; undefined if it is ready. */
  problem(): string | undefined;
  /** Wraps a client, and records the results of its requests. */
  host(http: HttpClient): HttpClient;
  apiserver(http: HttpClient): HttpClient;
}

/** How long requests to a peer may fail, and how long there may be none. */
interface Tolerance {
  readonly failingMs: number;
  readonly silentMs: number;
}

const MINUTE_MS = 60_000;
// All replicas of the apiserver may be unavailable for a while: 5,000 agents that become unready at once would cause useless writes.
const APISERVER: Tolerance = { failingMs: 5 * MINUTE_MS, silentMs: 10 * MINUTE_MS };
const HOST_FAILING_MS = MINUTE_MS;
const HOST_SILENT_MS = 10 * MINUTE_MS;
const LONGEST_CAUSE = 300;

/** @param checkIntervalMs the longest interval between an idle agent's requests to its host */
export function createReadiness(clock: Clock, checkIntervalMs: number): Readiness {
  const host = createPeer(clock, 'the host', { failingMs: HOST_FAILING_MS, silentMs: checkIntervalMs + HOST_SILENT_MS });
  const apiserver = createPeer(clock, 'the apiserver', APISERVER);
  return {
    problem: () => host.problem() ?? apiserver.problem(),
    host: (http) => host.watch(http),
    apiserver: (http) => apiserver.watch(http),
  };
}

interface Peer {
  problem(): string | undefined;
  watch(http: HttpClient): HttpClient;
}

function createPeer(clock: Clock, name: string, { failingMs, silentMs }: Tolerance): Peer {
  let goodAtMs: number | undefined;
  let failure: { readonly cause: string; readonly sinceMs: number } | undefined;
  const failed = (cause: string): void => {
    failure = { cause: shortenText(cause, LONGEST_CAUSE), sinceMs: failure?.sinceMs ?? clock.monotonic() };
  };
  const record = ({ status }: HttpResponse, { method, path }: HttpRequest): void => {
    // A rejected token and a server error count as failures; any other refusal shows that the peer works.
    if (status === 401 || status === 403 || (status >= 500 && path !== REBOOT)) failed(`${method} ${path} returned ${String(status)}`);
    else [goodAtMs, failure] = [clock.monotonic(), undefined];
  };
  return {
    problem() {
      const nowMs = clock.monotonic();
      if (goodAtMs === undefined) return `No successful response from ${name} yet${failure === undefined ? '' : `: ${failure.cause}`}`;
      if (failure !== undefined && nowMs - failure.sinceMs >= failingMs) {
        return `No successful response from ${name} for ${String(Math.round((nowMs - goodAtMs) / 1_000))} s: ${failure.cause}`;
      }
      return nowMs - goodAtMs >= silentMs ? `No response from ${name} for ${String(Math.round((nowMs - goodAtMs) / 1_000))} s` : undefined;
    },
    watch: (http) => ({
      async request(request, signal) {
        try {
          const response = await http.request(request, signal);
          record(response, request);
          return response;
        } catch (error) {
          failed(describeError(signal.aborted ? signal.reason : error));
          throw error;
        }
      },
    }),
  };
}

/** A host that refuses a reboot with a server error works. */
const REBOOT = '/actions/reboot';
