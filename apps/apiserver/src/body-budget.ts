import type { Clock } from '@brupop/ports';

/** The bytes reserved for one body. */
export interface BodyReservation {
  /** Reserves bytes that have arrived. @returns false if the budget has no room for them: abandon the body */
  grow(bytes: number): boolean;
  /** Releases all bytes; may be called any number of times. */
  release(): void;
}

interface Holder {
  released: boolean;
  bytes: number;
  lastMs: number;
  readonly cut: () => void;
}

/** A body that has not grown for this long may be cut off to make room for one that grows. kube-apiserver sends megabytes in less time. */
const IDLE_MS = 250;

/**
 * The bytes that unauthenticated clients may use at one time. They are reserved as they arrive, so an announced body reserves nothing. If
 * there is no room, the body that has not grown for the longest time is cut off.
 */
export class BodyBudget {
  readonly #clock: Clock;
  #free: number;
  /** Least recently grown first. */
  readonly #holders = new Set<Holder>();

  constructor(clock: Clock, bytes: number) {
    this.#clock = clock;
    this.#free = bytes;
  }

  /** @param cut ends the exchange of this body; called when another body needs its bytes, after their release */
  enter(cut: () => void): BodyReservation {
    const holder: Holder = { released: false, bytes: 0, lastMs: this.#clock.monotonic(), cut };
    return {
      grow: (bytes) => {
        if (holder.released || !this.#makeRoom(bytes, holder)) return false;
        this.#free -= bytes;
        holder.bytes += bytes;
        holder.lastMs = this.#clock.monotonic();
        this.#holders.delete(holder);
        this.#holders.add(holder);
        return true;
      },
      release: () => {
        this.#release(holder);
      },
    };
  }

  #makeRoom(bytes: number, grower: Holder): boolean {
    for (const holder of this.#holders) {
      if (this.#free >= bytes) break;
      if (holder === grower) continue;
      if (this.#clock.monotonic() - holder.lastMs < IDLE_MS) break;
      this.#release(holder);
      holder.cut();
    }
    return this.#free >= bytes;
  }

  #release(holder: Holder): void {
    holder.released = true;
    this.#holders.delete(holder);
    this.#free += holder.bytes;
    holder.bytes = 0;
  }
}
