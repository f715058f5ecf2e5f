import type { Clock } from '@brupop/ports';
import { StatusError } from './status.ts';

/** The limits on one request. */
export interface RequestTime {
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
  /** Monotonic time at which the API server gives up. */
  readonly deadlineMs: number;
}

/** `requestTimeoutUpperBound`: the limit on a write, webhooks included. */
const WRITE_MS = 34_000;

/** The limits on a request that starts now. */
export function startTime(clock: Clock, signal: AbortSignal): RequestTime {
  return { signal, deadlineMs: clock.monotonic() + WRITE_MS };
}

/**
 * Ends a request whose client has gone, or that has taken too long, before it writes anything: its context is cancelled by then.
 * @throws StatusError 504 Timeout
 */
export function requestOver(clock: Clock, { signal, deadlineMs }: RequestTime): void {
  const why = signal.aborted ? 'context canceled' : clock.monotonic() >= deadlineMs ? 'context deadline exceeded' : undefined;
  if (why === undefined) return;
  throw new StatusError(504, 'Timeout', `Timeout: request did not complete within requested timeout - ${why}`, {});
}
