import type { Clock } from '@brupop/ports';

/** A limit of writes: a burst, and after that one write per interval. */
interface Rate {
  readonly burst: number;
  readonly everyMs: number;
}

// The whole fleet may need conditions at once, after an installation.
const ALL: Rate = { burst: 50, everyMs: 20 };
// When a window opens or closes, all nodes wait for another reason. The plan shows it immediately; 5,000 conditions take 83 minutes.
const LATE: Rate = { burst: 60, everyMs: 1_000 };

/**
 * The rate limiter of all condition writes.
 * @returns a function that counts a write and returns 0, or returns the milliseconds to wait. `isLate`: only the reason of a wait changes
 */
export function createConditionLimiter(clock: Clock): (isLate: boolean) => number {
  /** When all of its burst may be used again, in monotonic milliseconds. */
  const restoredAtMs = new Map<Rate, number>();
  return (isLate) => {
    const nowMs = clock.monotonic();
    const rates = isLate ? [ALL, LATE] : [ALL];
    const at = (rate: Rate): number => Math.max(nowMs, restoredAtMs.get(rate) ?? nowMs) + rate.everyMs;
    const waitMs = Math.max(...rates.map((rate) => at(rate) - rate.burst * rate.everyMs - nowMs));
    if (waitMs > 0) return waitMs;
    for (const rate of rates) restoredAtMs.set(rate, at(rate));
    return 0;
  };
}
