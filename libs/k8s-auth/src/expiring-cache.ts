import type { Clock } from '@brupop/ports';

interface Entry<V> {
  readonly value: V;
  readonly untilMs: number;
}

/**
 * A bounded cache whose entries expire; the oldest is evicted first. Time is monotonic, so a step of the wall clock does not extend
 * entries.
 */
export class ExpiringCache<V> {
  readonly #clock: Clock;
  readonly #capacity: number;
  readonly #entries = new Map<string, Entry<V>>();

  constructor(clock: Clock, capacity: number) {
    this.#clock = clock;
    this.#capacity = capacity;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (this.#clock.monotonic() < entry.untilMs) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: V, ttlMs: number): void {
    this.#entries.delete(key);
    if (ttlMs <= 0) return;
    this.#entries.set(key, { value, untilMs: this.#clock.monotonic() + ttlMs });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#capacity) break;
      this.#entries.delete(oldest);
    }
  }

  get size(): number {
    return this.#entries.size;
  }
}
