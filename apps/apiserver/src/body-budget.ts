import type { Clock } from '@brupop/ports';

/** A body of which some bytes are held. */
export interface BodyReservation {
  /** Takes bytes that have arrived. @returns false if there is no room for them: give the body up */
  grow(bytes: number): boolean;
  /** Gives all bytes back; may be called any number of times. */
  release(): void;
}

interface Holder {
  over: boolean;
  bytes: number;
  lastMs: number;
  readonly cut: () => void;
}

/** A body that has not grown for this long may be cut to make room for one that grows. kube-apiserver sends megabytes in less. */
const IDLE_MS = 250;

/**
 * Bytes that may be held at one time on behalf of strangers. They are taken when they arrive, so that to announce a body takes nothing; and where
 * there is no room, the body that has not grown for longest makes it.
 */
export class BodyBudget {
  readonly #clock: Clock;
  #free: number;
  /** The one that grew longest ago comes first. */
  readonly #holders = new Set<Holder>();

  constructor(clock: Clock, bytes: number) {
    this.#clock = clock;
    this.#free = bytes;
  }

  /** @param cut ends the exchange of this body; it is called when its bytes are needed, after they have been given back */
  enter(cut: () => void): BodyReservation {
    const holder: Holder = { over: false, bytes: 0, lastMs: this.#clock.monotonic(), cut };
    return {
      grow: (bytes) => {
        if (holder.over || !this.#makeRoom(bytes, holder)) return false;
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
    holder.over = true;
    this.#holders.delete(holder);
    this.#free += holder.bytes;
    holder.bytes = 0;
  }
}
