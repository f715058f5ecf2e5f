import type { Clock } from '@brupop/ports';

/** A clock whose wall time is off by as much as `offsetMs` says at the moment; its timers are right. */
export function skewedClock(clock: Clock, offsetMs: () => number): Clock {
  return {
    now: () => clock.now() + offsetMs(),
    monotonic: () => clock.monotonic(),
    setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
  };
}
