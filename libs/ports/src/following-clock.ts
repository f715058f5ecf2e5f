import type { Clock } from './clock.ts';

// A Date header has whole seconds, and is slightly old when it is read.
const TOLERATED_MS = 2_000;

/**
 * A clock whose wall-clock time follows a server, by the `Date` header of its responses, so that times which several machines write and
 * compare come from one clock. Until the first response, and while the machine's own time differs by at most 2 s, it returns the machine's
 * time. Between responses it advances with the monotonic clock, so that it does not jump with the machine's wall clock.
 */
export class FollowingClock implements Clock {
  readonly #own: Clock;
  /** Wall-clock time at the origin of the monotonic clock; undefined while the machine's own time is used. */
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

  /** Called with the `Date` header of each response. An invalid or missing one is ignored. */
  follow(date: string | undefined): void {
    const serverMs = Date.parse(date ?? '');
    if (Number.isNaN(serverMs)) return;
    const isNear = (ms: number): boolean => Math.abs(serverMs - ms) <= TOLERATED_MS;
    if (isNear(this.#own.now())) this.#originMs = undefined;
    else if (!isNear(this.now())) this.#originMs = serverMs - this.#own.monotonic();
  }
}
