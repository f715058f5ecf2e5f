import type { Clock } from './clock.ts';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/**
 * A clock that stands still until told to move. Time jumps from timer to timer, so hours pass in microseconds,
 * and equal inputs give equal orders of events.
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
   * @param settleTurns turns of the event loop granted to pending promises and streams before time moves on
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

  /** Shifts the wall clock, as an NTP step does; timers and `monotonic` are not affected. */
  jump(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Like Node's own timers, whole milliseconds and at least one: code that waits in a loop always moves time. */
  setTimer(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { atMs: this.#nowMs + Math.max(1, Math.ceil(delayMs)), order: this.#order++, callback, cancelled: false };
    push(this.#heap, timer);
    return () => {
      timer.cancelled = true;
    };
  }

  /** Lets everything that is already due to happen, happen, without moving time. */
  async settle(): Promise<void> {
    let seen: number;
    do {
      seen = this.#order;
      for (let turn = 0; turn < this.#settleTurns; turn++) await new Promise((resolve) => setImmediate(resolve));
    } while (seen !== this.#order);
  }

  /** Moves time forward by `byMs`, firing every timer on the way in order. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    await this.settle();
    while (this.#fireNext(untilMs)) await this.settle();
    this.#nowMs = untilMs;
  }

  /**
   * Moves time forward until `done()` holds.
   * @returns whether it held before `limitMs` of virtual time had passed
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

  /** Fires the earliest timers, all those due at the same instant together. */
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
