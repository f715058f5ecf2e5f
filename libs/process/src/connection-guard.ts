import type { Clock } from '@brupop/ports';

/** Maximum numbers of open connections. */
export interface ConnectionLimits {
  /** In total. */
  readonly total: number;
  /** Of unknown callers. */
  readonly strangers: number;
  /** Of unknown callers from one address. */
  readonly strangersOfSource: number;
  /** Of one known caller; further ones count as those of unknown callers. */
  readonly ofOwner: number;
}

/** A connection that {@link ConnectionGuard} has accepted. */
export interface GuardedConnection {
  /** Called when a request starts. @returns a function to call after the response */
  request(): () => void;
  /** Called when the caller is known to be `owner`; undefined if it is unknown again. */
  vouch(owner: string | undefined): void;
  /** Called when the connection is closed. */
  closed(): void;
}

interface Entry {
  readonly source: string;
  readonly close: () => void;
  owner: string | undefined;
  requests: number;
  activeMs: number;
}

/** How long the connection of an unknown caller is kept without a request: it may be in its TLS handshake. */
const MIN_IDLE_MS = 2_000;

/**
 * Decides which connections a server keeps. Known callers keep theirs. Unknown callers share the rest: when there is no room for a new
 * connection, that of the unknown caller that has been idle longest is closed, so that no client can exclude others by opening connections.
 */
export class ConnectionGuard {
  readonly #clock: Clock;
  readonly #limits: ConnectionLimits;
  /** In order of their last activity, the oldest first. */
  readonly #strangers = new Set<Entry>();
  readonly #sources = new Map<string, Set<Entry>>();
  readonly #owners = new Map<string, Set<Entry>>();
  #owned = 0;

  constructor(clock: Clock, limits: ConnectionLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Number of open connections. */
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
      if (this.#clock.monotonic() - entry.activeMs < MIN_IDLE_MS) break;
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
