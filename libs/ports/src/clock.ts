/** The one source of time for a process. Real in production, virtual in tests. */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. It may jump: do not use it to measure a duration that safety depends on. */
  now(): number;
  /** Milliseconds since an arbitrary origin; never decreases. */
  monotonic(): number;
  /** Runs `callback` once after `delayMs`. The returned function cancels it and may be called any number of times. */
  setTimer(delayMs: number, callback: () => void): () => void;
}

/**
 * Resolves after `delayMs` of the clock's time.
 * @throws the signal's reason as soon as `signal` aborts
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

// setTimeout fires immediately if the delay exceeds a signed 32-bit number of milliseconds.
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The machine's clock and timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(delayMs, callback) {
    let timer: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, LONGEST_TIMEOUT_MS);
      timer = setTimeout(() => {
        if (leftMs > stepMs) arm(leftMs - stepMs);
        else callback();
      }, stepMs);
    };
    arm(Math.max(0, delayMs));
    return () => {
      clearTimeout(timer);
    };
  },
};
