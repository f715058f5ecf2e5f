import type { Clock } from '@brupop/ports';

/** Reconciles keys in the order in which they were added; a key that is added repeatedly is reconciled once. */
export class KeyedQueue {
  readonly #clock: Clock;
  readonly #reconcile: (key: string) => void;
  readonly #delayMs: number;
  readonly #keys = new Set<string>();
  readonly #timers = new Set<() => void>();
  #cancelFlush: (() => void) | undefined;
  #stopped = false;

  /** @param delayMs how long a controller takes to notice a change */
  constructor(clock: Clock, delayMs: number, reconcile: (key: string) => void) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#reconcile = reconcile;
  }

  add(key: string): void {
    if (this.#stopped) return;
    this.#keys.add(key);
    this.#cancelFlush ??= this.#clock.setTimer(this.#delayMs, () => {
      this.#flush();
    });
  }

  addAfter(key: string, afterMs: number): void {
    if (this.#stopped) return;
    const cancel = this.#clock.setTimer(afterMs, () => {
      this.#timers.delete(cancel);
      this.add(key);
    });
    this.#timers.add(cancel);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelFlush?.();
    for (const cancel of this.#timers) cancel();
    this.#keys.clear();
  }

  #flush(): void {
    this.#cancelFlush = undefined;
    const keys = [...this.#keys];
    this.#keys.clear();
    for (const key of keys) this.#reconcile(key);
  }
}
