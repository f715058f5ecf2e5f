import { BrupopError, describeError, type Clock, type HttpClient, type HttpRequest, type Logger } from '@brupop/ports';

/** A complete response. */
export interface HostAnswer {
  readonly status: number;
  readonly body: string;
}

export interface HostConnectionOptions {
  /** Sends requests to the socket; without keep-alive, because the host closes idle connections during the next request. */
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long connections may be refused continuously before the socket counts as dead. */
  readonly socketDeadAfterMs: number;
}

/** Sends requests to the host API, and detects a dead socket. */
export class HostConnection {
  readonly #options: HostConnectionOptions;
  #refusedSinceMs: number | undefined;

  constructor(options: HostConnectionOptions) {
    this.#options = options;
  }

  /**
   * @throws `BrupopError` `HOST_SOCKET_DEAD` (terminal) after connections have been refused for long, `HOST_UNREACHABLE` (transient) after
   * any other transport failure; or the reason of the signal
   */
  async request(method: 'GET' | 'POST', path: string, signal: AbortSignal): Promise<HostAnswer> {
    try {
      return await this.#exchange({ method, path, headers: { connection: 'close' } }, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw this.#transportError(error, method, path);
    }
  }

  async #exchange(request: HttpRequest, signal: AbortSignal): Promise<HostAnswer> {
    try {
      return await this.#once(request, signal);
    } catch (error) {
      // A POST may have taken effect before the connection broke; the caller checks the status instead.
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

  #transportError(cause: unknown, method: string, path: string): BrupopError {
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

// A mounted socket file remains when its server is gone, so that connections are refused; the file is seldom absent.
const REFUSED: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTSOCK']);
const RESET: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'HTTP_RESET']);

/** Whether the error, or one of its causes, has one of `codes`. */
function hasCode(error: unknown, codes: ReadonlySet<string>): boolean {
  let current: unknown = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth++) {
    if ('code' in current && typeof current.code === 'string' && codes.has(current.code)) return true;
    current = current.cause;
  }
  return false;
}
