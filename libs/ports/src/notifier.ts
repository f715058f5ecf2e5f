import type { Clock } from './clock.ts';

/**
 * Wakes the callers that wait for a change. Changes are numbered, so that none is missed between an observation and the wait after it: read
 * `version`, observe, and wait for a change after that version.
 */
export class Notifier {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #version = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The number of changes so far. */
  get version(): number {
    return this.#version;
  }

  /** How many calls of {@link wait} have not returned. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Something has changed. */
  notify(): void {
    this.#version++;
    for (const wake of [...this.#waiting]) wake();
  }

  /**
   * Resolves at the first change after `seen`, at once if there was one, and in any case after `ms` if that is given.
   * @throws the signal's reason
   */
  async wait(seen: number, ms: number | undefined, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (seen !== this.#version) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        cancel();
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      const cancel = ms === undefined ? (): void => undefined : this.#clock.setTimer(ms, wake);
      signal.addEventListener('abort', wake, { once: true });
      this.#waiting.add(wake);
    });
    signal.throwIfAborted();
  }
}
