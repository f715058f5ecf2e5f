import type { Clock, Random } from '@brupop/ports';
import { sleep } from '@brupop/ports';

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/** Pauses that grow while something fails. */
export interface Backoff {
  /** Waits longer than the last time: 1 s at first, 30 s in the end unless told otherwise, each plus or minus a half so that agents do not move in step. */
  pause(signal: AbortSignal): Promise<void>;
  /** It works again. */
  reset(): void;
}

/**
 * A backoff that has not been used yet.
 * @param longestMs the longest pause, but for the chance in it
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
