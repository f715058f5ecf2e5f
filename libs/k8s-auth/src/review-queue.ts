import type { Clock } from '@brupop/ports';

/** The caller of a review: `known` if its token names an existing agent pod, which is not verified yet. */
export type Lane = 'known' | 'unknown';

/** Bounds of a {@link ReviewQueue}. */
export interface QueueLimits {
  /** Concurrent reviews; each is a connection to the Kubernetes API. */
  readonly running: number;
  /** How many of them may be for unknown callers, so that a slot is always free for agents. */
  readonly runningForUnknown: number;
  /** How many may wait, per lane. */
  readonly waiting: Readonly<Record<Lane, number>>;
  /** How many of them may be from one source. */
  readonly waitingOfSource: Readonly<Record<Lane, number>>;
  /** The longest wait. */
  readonly waitMs: number;
}

/** A review that did not begin. */
export class NoTurn extends Error {}

interface Waiting {
  readonly source: string;
  readonly begin: () => void;
}

/** A place in the queue. */
export interface Turn {
  /**
   * Resolves when the review may run; call {@link Turn.end} after it.
   * @throws {@link NoTurn} if the queue is full, the wait is too long, or the caller left
   */
  readonly begun: Promise<void>;
  /** Leaves the queue. @returns false if the review has begun or ended */
  leave(): boolean;
  /** Releases the slot of a review that ran; may be called any number of times, and for a review that never ran. */
  end(): void;
}

/**
 * Limits the concurrent reviews. Waiting callers are served round-robin by source, so that a source with many reviews delays only itself.
 * Known callers precede unknown ones, which never occupy all slots.
 */
export class ReviewQueue {
  readonly #clock: Clock;
  readonly #limits: QueueLimits;
  readonly #running: Record<Lane, number> = { known: 0, unknown: 0 };
  readonly #waiting: Readonly<Record<Lane, SourceQueue>> = { known: new SourceQueue(), unknown: new SourceQueue() };

  constructor(clock: Clock, limits: QueueLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** The number of waiting reviews. */
  get waiting(): number {
    return this.#waiting.known.size + this.#waiting.unknown.size;
  }

  /** Enters a lane. Reviews with the same `source` share their turns. */
  enter(lane: Lane, source: string): Turn {
    const queue = this.#waiting[lane];
    const { waiting, waitingOfSource, waitMs } = this.#limits;
    let state: 'waiting' | 'running' | 'ended' = 'waiting';
    let leave = (): void => undefined;
    const begun = new Promise<void>((resolve, reject) => {
      const run = (): void => {
        state = 'running';
        this.#running[lane]++;
        resolve();
      };
      if (queue.size === 0 && this.#mayRun(lane)) {
        run();
        return;
      }
      if (queue.size >= waiting[lane] || queue.sizeOf(source) >= waitingOfSource[lane]) {
        state = 'ended';
        reject(new NoTurn('Too many reviews are pending'));
        return;
      }
      const entry: Waiting = {
        source,
        begin: () => {
          cancel();
          run();
        },
      };
      leave = () => {
        cancel();
        queue.remove(entry);
        state = 'ended';
        reject(new NoTurn('The review was abandoned'));
      };
      const cancel = this.#clock.setTimer(waitMs, () => {
        leave();
      });
      queue.add(entry);
    });
    return {
      begun,
      leave: () => {
        if (state !== 'waiting') return false;
        leave();
        return true;
      },
      end: () => {
        if (state !== 'running') return;
        state = 'ended';
        this.#running[lane]--;
        this.#beginNext();
      },
    };
  }

  #mayRun(lane: Lane): boolean {
    const { running, runningForUnknown } = this.#limits;
    if (this.#running.known + this.#running.unknown >= running) return false;
    return lane === 'known' || this.#running.unknown < runningForUnknown;
  }

  #beginNext(): void {
    for (const lane of ['known', 'unknown'] as const) {
      while (this.#mayRun(lane)) {
        const next = this.#waiting[lane].take();
        if (next === undefined) break;
        next.begin();
      }
    }
  }
}

/** Waiting reviews, round-robin by source. */
class SourceQueue {
  // The first key is the source whose turn is next.
  readonly #sources = new Map<string, Set<Waiting>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  sizeOf(source: string): number {
    return this.#sources.get(source)?.size ?? 0;
  }

  add(entry: Waiting): void {
    const ofSource = this.#sources.get(entry.source) ?? new Set();
    this.#sources.set(entry.source, ofSource.add(entry));
    this.#size++;
  }

  remove(entry: Waiting): void {
    const ofSource = this.#sources.get(entry.source);
    if (ofSource?.delete(entry) !== true) return;
    this.#size--;
    if (ofSource.size === 0) this.#sources.delete(entry.source);
  }

  take(): Waiting | undefined {
    for (const [source, ofSource] of this.#sources) {
      for (const entry of ofSource) {
        this.remove(entry);
        // Behind all other sources.
        if (this.#sources.delete(source) && ofSource.size > 0) this.#sources.set(source, ofSource);
        return entry;
      }
    }
    return undefined;
  }
}
