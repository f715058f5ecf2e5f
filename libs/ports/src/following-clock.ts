import type { Clock } from './clock.ts';

// A Date header has whole seconds, and is a moment old when it is read.
const TOLERATED_MS = 2_000;

/**
 * A clock whose wall time is that of a server, as its answers tell it, so that times which several machines write and compare are all of one clock. Until the first
 * answer, and while the machine's own time agrees to within 2 s, it is the machine's own. Between answers it runs with the monotonic clock: a wall clock that jumps
 * does not matter.
 */
export class FollowingClock implements Clock {
  readonly #own: Clock;
  /** Wall time at the origin of the monotonic clock; undefined while the machine's own is good. */
  #originMs: number | undefined;

  constructor(own: Clock) {
    this.#own = own;
  }

  now(): number {
    return this.#originMs === undefined ? this.#own.now() : this.#originMs + this.#own.monotonic();
  }

  monotonic(): number {
    return this.#own.monotonic();
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    return this.#own.setTimer(delayMs, callback);
  }

  /** An answer has just come with this `Date` header. One that cannot be read, or is missing, tells nothing. */
  follow(date: string | undefined): void {
    const toldMs = Date.parse(date ?? '');
    if (Number.isNaN(toldMs)) return;
    const isNear = (ms: number): boolean => Math.abs(toldMs - ms) <= TOLERATED_MS;
    if (isNear(this.#own.now())) this.#originMs = undefined;
    else if (!isNear(this.now())) this.#originMs = toldMs - this.#own.monotonic();
  }
}
