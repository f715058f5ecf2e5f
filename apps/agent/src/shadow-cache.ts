import type { BottlerocketShadow, ShadowStatus } from '@brupop/crd-models';
import type { Clock } from '@brupop/ports';
import { saysTheSame } from '@brupop/state-machine';

/** How far an apiserver's cache may lag behind a write that it has itself confirmed. */
const LONGEST_LAG_MS = 30_000;

/**
 * The shadow, as last read, with the status as last written. The agent alone writes the status, so what it has written counts
 * until a read shows it; otherwise a cache that lags would make it repeat a step.
 */
export class ShadowCache {
  readonly #clock: Clock;
  #shadow: BottlerocketShadow | undefined;
  #written: { readonly status: ShadowStatus; readonly uid: string | undefined; readonly atMs: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What decisions are made from; undefined before the first read. */
  current(): BottlerocketShadow | undefined {
    const shadow = this.#shadow;
    return shadow === undefined || this.#written === undefined ? shadow : { ...shadow, status: this.#written.status };
  }

  /** The shadow was read. */
  read(shadow: BottlerocketShadow): void {
    this.#shadow = shadow;
    this.confirmed();
    const written = this.#written;
    // Deleted and made anew: it knows nothing of what we wrote to the old one.
    if (written !== undefined && (written.uid !== shadow.metadata.uid || saysTheSame(written.status, shadow.status)))
      this.#written = undefined;
  }

  /** The apiserver says that the shadow is still as it was read. If that differs from what we wrote long ago, somebody has changed it. */
  confirmed(): void {
    if (this.#written !== undefined && this.#clock.monotonic() - this.#written.atMs > LONGEST_LAG_MS) this.#written = undefined;
  }

  /** The status was written. */
  wrote(status: ShadowStatus): void {
    this.#written = { status, uid: this.#shadow?.metadata.uid, atMs: this.#clock.monotonic() };
  }
}
