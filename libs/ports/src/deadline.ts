import type { Clock } from './clock.ts';

/** The error of a deadline that has passed; called with its length in milliseconds. */
export type TimeoutError = (limitMs: number) => Error;

/** A signal that also aborts when a deadline passes. */
export interface Deadline {
  /** Aborts with the reason of the parent signal, or with the error of the deadline. */
  readonly signal: AbortSignal;
  /** Milliseconds until the deadline. */
  leftMs(): number;
  /** Sets the deadline to `limitMs` from now. Without effect once the signal has aborted or the deadline was disposed of. */
  extend(limitMs: number, error?: TimeoutError): void;
  /**
   * Releases the timer and the parent signal; must be called at the end. With a reason, the signal aborts, which ends everything that uses
   * it.
   */
  dispose(reason?: Error): void;
}

/** A deadline `limitMs` from now. */
export function withDeadline(clock: Clock, parent: AbortSignal, limitMs: number, error: TimeoutError): Deadline {
  const own = new AbortController();
  let endMs = clock.monotonic() + limitMs;
  let disposed = false;
  let cancel = (): void => undefined;
  const release = (): void => {
    disposed = true;
    cancel();
    parent.removeEventListener('abort', onParent);
  };
  const onParent = (): void => {
    release();
    own.abort(parent.reason);
  };
  const extend = (nextMs: number, nextError = error): void => {
    cancel();
    if (disposed) return;
    endMs = clock.monotonic() + nextMs;
    cancel = clock.setTimer(nextMs, () => {
      release();
      own.abort(nextError(nextMs));
    });
  };
  if (parent.aborted) onParent();
  else {
    parent.addEventListener('abort', onParent, { once: true });
    extend(limitMs);
  }
  return {
    signal: own.signal,
    leftMs: () => endMs - clock.monotonic(),
    extend,
    dispose(reason) {
      release();
      if (reason !== undefined) own.abort(reason);
    },
  };
}
