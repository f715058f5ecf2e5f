import type { Clock } from './clock.ts';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/**
 * A clock that advances only on request. Time jumps from timer to timer, so that hours pass in microseconds, and equal inputs give equal
 * orders of events.
 */
export class VirtualClock implements Clock {
  #nowMs: number;
  #wallOffsetMs = 0;
  #order = 0;
  readonly #startMs: number;
  readonly #heap: Timer[] = [];
  readonly #settleTurns: number;

  /**
   * @param startMs wall-clock time at the start, milliseconds since the Unix epoch
   * @param settleTurns turns of the event loop for pending promises and streams before time advances
   */
  constructor(startMs: number = Date.UTC(2026, 0, 5), settleTurns = 4) {
    this.#nowMs = startMs;
    this.#startMs = startMs;
    this.#settleTurns = settleTurns;
  }

  now(): number {
    return this.#nowMs + this.#wallOffsetMs;
  }

  monotonic(): number {
    return this.#nowMs - this.#startMs;
  }

  /** Shifts the wall clock, as an NTP step does. Timers and `monotonic` are not affected. */
  jump(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** As with the timers of Node.js, delays are whole milliseconds and at least one, so that waiting in a loop always advances time. */
  setTimer(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { atMs: this.#nowMs + Math.max(1, Math.ceil(delayMs)), order: this.#order++, callback, cancelled: false };
    push(this.#heap, timer);
    return () => {
      timer.cancelled = true;
    };
  }

  /** Runs everything that is due, without advancing time. */
  async settle(): Promise<void> {
    let seen: number;
    do {
      seen = this.#order;
      for (let turn = 0; turn < this.#settleTurns; turn++) await new Promise((resolve) => setImmediate(resolve));
    } while (seen !== this.#order);
  }

  /** Advances time by `byMs`, and fires the timers of that time in order. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    await this.settle();
    while (this.#fireNext(untilMs)) await this.settle();
    this.#nowMs = untilMs;
  }

  /**
   * Advances time until `done()` returns true.
   * @returns whether it did within `limitMs` of virtual time
   */
  async advanceUntil(done: () => boolean, limitMs: number): Promise<boolean> {
    const untilMs = this.#nowMs + limitMs;
    await this.settle();
    while (!done()) {
      if (!this.#fireNext(untilMs)) return done();
      await this.settle();
    }
    return true;
  }

  /** Fires the earliest timers: all those that are due at the same instant. */
  #fireNext(untilMs: number): boolean {
    let fired = false;
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > untilMs || (fired && next.atMs > this.#nowMs)) return fired;
      pop(this.#heap);
      if (next.cancelled) continue;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      fired = true;
      next.callback();
    }
  }
}

const earlier = (a: Timer, b: Timer): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

function push(heap: Timer[], timer: Timer): void {
  let at = heap.push(timer) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || earlier(above, timer)) break;
    heap[at] = above;
    heap[parent] = timer;
    at = parent;
  }
}

function pop(heap: Timer[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  for (let at = 0; ;) {
    const left = heap[2 * at + 1];
    const right = heap[2 * at + 2];
    if (left === undefined) return;
    const child = right !== undefined && earlier(right, left) ? 2 * at + 2 : 2 * at + 1;
    const below = heap[child];
    if (below === undefined || earlier(last, below)) return;
    heap[at] = below;
    heap[child] = last;
    at = child;
  }
}
