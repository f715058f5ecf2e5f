import { BrupopError, describeError } from '@brupop/ports';
import type { Clock, HttpClient, HttpRequest, Logger } from '@brupop/ports';

/** An answer, read to its end. */
export interface HostAnswer {
  readonly status: number;
  readonly body: string;
}

export interface HostConnectionOptions {
  /** Carries requests to the socket. Give it no keep-alive: the host closes idle connections under the next request. */
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long connecting may be refused without a break before the socket counts as dead. */
  readonly socketDeadAfterMs: number;
}

/** Requests to the host API, and a judgement on whether anybody still listens there. */
export class HostConnection {
  readonly #options: HostConnectionOptions;
  #refusedSinceMs: number | undefined;

  constructor(options: HostConnectionOptions) {
    this.#options = options;
  }

  /**
   * @throws `BrupopError` `HOST_SOCKET_DEAD` (terminal) once connecting has been refused for long, `HOST_UNREACHABLE` (transient)
   * for any other transport failure; or the reason of the signal
   */
  async request(method: 'GET' | 'POST', path: string, signal: AbortSignal): Promise<HostAnswer> {
    try {
      return await this.#exchange({ method, path, headers: { connection: 'close' } }, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw this.#judge(error, method, path);
    }
  }

  async #exchange(request: HttpRequest, signal: AbortSignal): Promise<HostAnswer> {
    try {
      return await this.#once(request, signal);
    } catch (error) {
      // A POST may have started something before the connection broke; the caller looks at the status instead.
      if (signal.aborted || request.method !== 'GET' || !hasCode(error, RESET)) throw error;
      this.#options.log.debug('Retrying a request to the host', { path: request.path, reason: describeError(error) });
      return await this.#once(request, signal);
    }
  }

  async #once(request: HttpRequest, signal: AbortSignal): Promise<HostAnswer> {
    const response = await this.#options.http.request(request, signal);
    this.#refusedSinceMs = undefined;
    return { status: response.status, body: await response.text() };
  }

  #judge(cause: unknown, method: string, path: string): BrupopError {
    const problem = `${method} ${path} failed to reach the host API: ${describeError(cause)}`;
    if (!hasCode(cause, REFUSED)) {
      this.#refusedSinceMs = undefined;
      return new BrupopError('HOST_UNREACHABLE', problem, { retry: 'transient', cause });
    }
    const now = this.#options.clock.monotonic();
    this.#refusedSinceMs ??= now;
    const refusedMs = now - this.#refusedSinceMs;
    if (refusedMs < this.#options.socketDeadAfterMs) {
      return new BrupopError('HOST_UNREACHABLE', problem, { retry: 'transient', cause });
    }
    const duration = `${String(Math.round(refusedMs / 1_000))} s`;
    const message = `${problem}. The socket has refused connections for ${duration}; restart the container to mount it again`;
    return new BrupopError('HOST_SOCKET_DEAD', message, { retry: 'terminal', cause });
  }
}

// A mounted socket file stays in place when its server is gone for good, so that refusals, not absence, are what is seen.
const REFUSED: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTSOCK']);
const RESET: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'HTTP_RESET']);

/** Whether the error, or what caused it, has one of `codes`. */
function hasCode(error: unknown, codes: ReadonlySet<string>): boolean {
  let current: unknown = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth++) {
    if ('code' in current && typeof current.code === 'string' && codes.has(current.code)) return true;
    current = current.cause;
  }
  return false;
}
