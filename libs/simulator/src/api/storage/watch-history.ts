import type { KubeObject } from '../types.ts';

/** One change of one object. */
export interface Change {
  readonly revision: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly storage: string;
  readonly key: string;
  /** The object after the change; for a deletion its last state, with the revision of the deletion. */
  readonly object: KubeObject;
  readonly previous: KubeObject | undefined;
}

type Listener = (change: Change) => void;

/** Remembers recent changes, so that watches can resume, and passes on new ones in the order of their revisions. */
export class WatchHistory {
  readonly #longest: number;
  readonly #logs = new Map<string, Change[]>();
  readonly #floors = new Map<string, number>();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #waiting: Change[] = [];
  #handingOn = false;
  #floor = 0;

  /** @param longest number of changes kept per resource */
  constructor(longest: number) {
    this.#longest = longest;
  }

  append(change: Change): void {
    const log = this.#logs.get(change.storage) ?? [];
    this.#logs.set(change.storage, log);
    log.push(change);
    // Forgetting half at a time keeps the cost of each change constant.
    if (log.length > this.#longest * 2) {
      const gone = log.splice(0, log.length - this.#longest);
      this.#floors.set(change.storage, gone.at(-1)?.revision ?? 0);
    }
    this.#waiting.push(change);
    if (this.#handingOn) return;
    // A listener may write; that change waits until every listener has received the present one.
    this.#handingOn = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#handOn(next);
    } finally {
      this.#handingOn = false;
    }
  }

  #handOn(change: Change): void {
    for (const listener of [...(this.#listeners.get(change.storage) ?? []), ...(this.#listeners.get('*') ?? [])]) listener(change);
  }

  /** Changes after `revision`, or undefined if some of them are forgotten. */
  since(storage: string, revision: number): readonly Change[] | undefined {
    if (revision < this.floor(storage)) return undefined;
    const log = this.#logs.get(storage) ?? [];
    let from = log.length;
    while (from > 0 && (log[from - 1]?.revision ?? 0) > revision) from--;
    return log.slice(from);
  }

  /** The oldest revision from which a watch of this resource can resume. */
  floor(storage: string): number {
    return Math.max(this.#floor, this.#floors.get(storage) ?? 0);
  }

  /** Forgets everything up to `revision`. */
  compact(revision: number): void {
    this.#floor = Math.max(this.#floor, revision);
    for (const [storage, log] of this.#logs) {
      this.#logs.set(
        storage,
        log.filter((change) => change.revision > revision),
      );
    }
  }

  /**
   * @param storage a resource's storage name, or `*` for all
   * @returns a function that unsubscribes
   */
  subscribe(storage: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(storage) ?? new Set();
    this.#listeners.set(storage, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }
}
