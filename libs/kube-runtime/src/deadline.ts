import { BrupopError } from '@brupop/ports';
import type { Clock } from '@brupop/ports';

/** A signal that also aborts when a deadline passes. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Starts the time anew, or another one. */
  extend(limitMs: number, what: string): void;
  /** Forgets the deadline and the parent signal. Must be called at the end. */
  dispose(): void;
}

/**
 * @throws (as the reason of the signal) `BrupopError` `KUBE_TIMEOUT`, transient
 */
export function withDeadline(clock: Clock, parent: AbortSignal, limitMs: number, what: string): Deadline {
  const own = new AbortController();
  let cancel: () => void = () => undefined;
  const onParent = (): void => {
    cancel();
    own.abort(parent.reason);
  };
  const extend = (nextMs: number, nextWhat: string): void => {
    cancel();
    if (own.signal.aborted) return;
    cancel = clock.setTimer(nextMs, () => {
      own.abort(new BrupopError('KUBE_TIMEOUT', `${nextWhat} took longer than ${String(nextMs)} ms`, { retry: 'transient' }));
    });
  };
  if (parent.aborted) onParent();
  else {
    parent.addEventListener('abort', onParent, { once: true });
    extend(limitMs, what);
  }
  return {
    signal: own.signal,
    extend,
    dispose() {
      cancel();
      parent.removeEventListener('abort', onParent);
    },
  };
}
