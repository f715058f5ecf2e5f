import type { Clock } from '@brupop/ports';

/** How many connections there may be at one time. */
export interface ConnectionLimits {
  /** In all. */
  readonly total: number;
  /** Of callers that nobody has vouched for. */
  readonly strangers: number;
  /** Of those, from one address. */
  readonly strangersOfSource: number;
  /** Of one caller that was vouched for; what is more counts as a stranger's. */
  readonly ofOwner: number;
}

/** A connection that {@link ConnectionGuard} has let in. */
export interface GuardedConnection {
  /** A request begins. @returns call it when the answer has been given */
  request(): () => void;
  /** Somebody has vouched for the caller; undefined takes that back. `owner` is who it is. */
  vouch(owner: string | undefined): void;
  /** The connection is closed. */
  closed(): void;
}

interface Entry {
  readonly source: string;
  readonly close: () => void;
  owner: string | undefined;
  requests: number;
  activeMs: number;
}

/** A stranger's connection without a request is left alone for so long: it may be in the middle of its handshake. */
const LEFT_ALONE_MS = 2_000;

/**
 * Decides which connections a server keeps. Callers that were vouched for keep theirs. Strangers share what is left: when there is no room for a new one, the
 * stranger that has been idle for longest makes it, so that nobody can keep others out by opening connections.
 */
export class ConnectionGuard {
  readonly #clock: Clock;
  readonly #limits: ConnectionLimits;
  /** The one that was active longest ago comes first. */
  readonly #strangers = new Set<Entry>();
  readonly #sources = new Map<string, Set<Entry>>();
  readonly #owners = new Map<string, Set<Entry>>();
  #owned = 0;

  constructor(clock: Clock, limits: ConnectionLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Connections that are open. */
  get size(): number {
    return this.#owned + this.#strangers.size;
  }

  /** @param close ends the connection @returns undefined if there is no room */
  enter(source: string, close: () => void): GuardedConnection | undefined {
    const { total, strangers, strangersOfSource } = this.#limits;
    const ofSource = this.#sources.get(source);
    if (ofSource !== undefined && ofSource.size >= strangersOfSource && !this.#evict(ofSource)) return undefined;
    if ((this.#strangers.size >= strangers || this.size >= total) && !this.#evict(this.#strangers)) return undefined;

    const entry: Entry = { source, close, owner: undefined, requests: 0, activeMs: this.#clock.monotonic() };
    let open = true;
    this.#addStranger(entry);
    return {
      request: () => {
        entry.requests++;
        return () => {
          entry.requests--;
          if (open) this.#touch(entry);
        };
      },
      vouch: (owner) => {
        if (!open || owner === entry.owner) return;
        this.#remove(entry);
        entry.owner = owner;
        if (owner === undefined) this.#addStranger(entry);
        else this.#addOwned(entry, owner);
      },
      closed: () => {
        if (open) this.#remove(entry);
        open = false;
      },
    };
  }

  #touch(entry: Entry): void {
    entry.activeMs = this.#clock.monotonic();
    for (const entries of [this.#strangers, this.#sources.get(entry.source)]) if (entries?.delete(entry) === true) entries.add(entry);
  }

  #evict(entries: ReadonlySet<Entry>): boolean {
    for (const entry of entries) {
      if (this.#clock.monotonic() - entry.activeMs < LEFT_ALONE_MS) break;
      if (entry.requests > 0) continue;
      this.#remove(entry);
      entry.close();
      return true;
    }
    return false;
  }

  #addStranger(entry: Entry): void {
    this.#strangers.add(entry);
    const ofSource = this.#sources.get(entry.source) ?? new Set();
    this.#sources.set(entry.source, ofSource.add(entry));
  }

  #addOwned(entry: Entry, owner: string): void {
    const ofOwner = this.#owners.get(owner) ?? new Set();
    this.#owners.set(owner, ofOwner.add(entry));
    this.#owned++;
    const [oldest] = ofOwner;
    if (ofOwner.size <= this.#limits.ofOwner || oldest === undefined) return;
    this.#remove(oldest);
    oldest.owner = undefined;
    this.#addStranger(oldest);
  }

  #remove(entry: Entry): void {
    if (entry.owner === undefined) {
      this.#strangers.delete(entry);
      dropFrom(this.#sources, entry.source, entry);
    } else if (dropFrom(this.#owners, entry.owner, entry)) this.#owned--;
  }
}

function dropFrom(groups: Map<string, Set<Entry>>, name: string, entry: Entry): boolean {
  const group = groups.get(name);
  if (group?.delete(entry) !== true) return false;
  if (group.size === 0) groups.delete(name);
  return true;
}
