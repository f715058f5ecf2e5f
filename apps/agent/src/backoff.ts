import { sleep, type Clock, type Random } from '@brupop/ports';

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/** Pauses that grow with each consecutive failure. */
export interface Backoff {
  /**
   * Waits twice as long as the last time, from 1 s up to the limit; plus or minus half of that, so that agents do not retry at the same
   * time.
   */
  pause(signal: AbortSignal): Promise<void>;
  /** Called after a success. */
  reset(): void;
}

/**
 * A backoff without failures.
 * @param longestMs the longest pause before it is varied; 30 s by default
 */
export function createBackoff(clock: Clock, random: Random, longestMs: number = LONGEST_MS): Backoff {
  let failures = 0;
  return {
    pause(signal) {
      const ms = Math.min(longestMs, FIRST_MS * 2 ** Math.min(failures++, 10));
      return sleep(clock, ms * (0.5 + random()), signal);
    },
    reset() {
      failures = 0;
    },
  };
}
