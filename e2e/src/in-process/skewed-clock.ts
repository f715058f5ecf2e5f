import type { Clock } from '@brupop/ports';

/** A clock whose wall time is off by the current `offsetMs`; its timers are correct. */
export function skewedClock(clock: Clock, offsetMs: () => number): Clock {
  return {
    now: () => clock.now() + offsetMs(),
    monotonic: () => clock.monotonic(),
    setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
  };
}
