import type { Clock } from '@brupop/ports';

/** Who asks for a review: a caller whose token names a pod that is there, or anybody else. Nothing of it is verified yet. */
export type Lane = 'known' | 'strangers';

/** Bounds of a {@link ReviewQueue}. */
export interface QueueLimits {
  /** Reviews that run at one time; each is a connection to the Kubernetes API. */
  readonly running: number;
  /** How many of them may be for strangers, so that agents always find a free one. */
  readonly runningForStrangers: number;
  /** How many may wait in a lane. */
  readonly waiting: Readonly<Record<Lane, number>>;
  /** How many of them may be of one source. */
  readonly waitingOfSource: Readonly<Record<Lane, number>>;
  /** The longest wait. */
  readonly waitMs: number;
}

/** Why a review did not begin. */
export class NoTurn extends Error {}

interface Waiting {
  readonly source: string;
  readonly begin: () => void;
}

/** A place in the queue. */
export interface Turn {
  /** Resolves when the review may run; call {@link Turn.end} after it. @throws {@link NoTurn} if the queue is full, the wait too long, or the turn was given up */
  readonly begun: Promise<void>;
  /** Gives up waiting. @returns false if the review has begun, or is over */
  leave(): boolean;
  /** Ends a review that ran; may be called any number of times, and for one that never ran. */
  end(): void;
}

/**
 * Lets so many reviews run at a time. Callers that wait are served in turn by source, so that a source that asks for many delays only itself, and known
 * callers before strangers, who never hold all that may run.
 */
export class ReviewQueue {
  readonly #clock: Clock;
  readonly #limits: QueueLimits;
  readonly #running: Record<Lane, number> = { known: 0, strangers: 0 };
  readonly #waiting: Readonly<Record<Lane, SourceQueue>> = { known: new SourceQueue(), strangers: new SourceQueue() };

  constructor(clock: Clock, limits: QueueLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Reviews that wait. */
  get waiting(): number {
    return this.#waiting.known.size + this.#waiting.strangers.size;
  }

  /** Takes a place in a lane. `source` is what turns are shared by. */
  enter(lane: Lane, source: string): Turn {
    const queue = this.#waiting[lane];
    const { waiting, waitingOfSource, waitMs } = this.#limits;
    let state: 'waiting' | 'running' | 'over' = 'waiting';
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
        state = 'over';
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
        state = 'over';
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
        state = 'over';
        this.#running[lane]--;
        this.#beginNext();
      },
    };
  }

  #mayRun(lane: Lane): boolean {
    const { running, runningForStrangers } = this.#limits;
    if (this.#running.known + this.#running.strangers >= running) return false;
    return lane === 'known' || this.#running.strangers < runningForStrangers;
  }

  #beginNext(): void {
    for (const lane of ['known', 'strangers'] as const) {
      while (this.#mayRun(lane)) {
        const next = this.#waiting[lane].take();
        if (next === undefined) break;
        next.begin();
      }
    }
  }
}

/** Those who wait, in turn by source. */
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
        // To the end of the line.
        if (this.#sources.delete(source) && ofSource.size > 0) this.#sources.set(source, ofSource);
        return entry;
      }
    }
    return undefined;
  }
}
