import type { Clock } from '@brupop/ports';

/** An event of the simulated cluster. */
export interface WorldEvent {
  /** Milliseconds of the cluster's monotonic clock. */
  readonly atMs: number;
  /** Such as `pod-bound`, `pod-ready`, `node-unknown`, `host-booted`, `fault`. */
  readonly type: string;
  /** Node name, or `namespace/name` of a pod. */
  readonly subject: string;
  readonly message: string;
}

/** The log of all events: equal for equal seeds. Only the newest are kept. */
export class WorldLog {
  readonly #clock: Clock;
  readonly #longest: number;
  readonly #events: WorldEvent[] = [];
  readonly #listeners = new Set<(event: WorldEvent) => void>();

  constructor(clock: Clock, longest = 100_000) {
    this.#clock = clock;
    this.#longest = longest;
  }

  get events(): readonly WorldEvent[] {
    return this.#events;
  }

  readonly add = (type: string, subject: string, message = ''): void => {
    const event = { atMs: this.#clock.monotonic(), type, subject, message };
    // Dropping many at once keeps the cost of each event constant.
    if (this.#events.push(event) > this.#longest * 1.1) this.#events.splice(0, this.#events.length - this.#longest);
    for (const listener of this.#listeners) listener(event);
  };

  /** Calls `listener` for each event from now on until the returned function is called. */
  onEvent(listener: (event: WorldEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
