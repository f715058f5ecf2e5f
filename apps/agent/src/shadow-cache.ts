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
  /** The entity tag of what was read last; undefined makes the next read one of the API server. */
  etag: string | undefined;
  #shadow: BottlerocketShadow | undefined;
  #freshAtMs = -Infinity;
  #written: { readonly status: ShadowStatus; readonly uid: string | undefined; readonly atMs: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What decisions are made from; undefined before the first read. */
  current(): BottlerocketShadow | undefined {
    const shadow = this.#shadow;
    return shadow === undefined || this.#written === undefined ? shadow : { ...shadow, status: this.#written.status };
  }

  /**
   * The shadow was read from the API server, not from the cache of an apiserver, while nothing was being written; undefined: there is none. What was written
   * before is in it, or was never taken.
   */
  readAfresh(shadow: BottlerocketShadow | undefined, etag: string | undefined): void {
    this.etag = etag;
    this.#written = undefined;
    if (shadow === undefined) this.#shadow = undefined;
    else this.read(shadow, true);
  }

  /** Whether what is known of the spec was good at the API server no longer than `ms` ago. */
  isFresh(ms: number): boolean {
    return this.#clock.monotonic() - this.#freshAtMs <= ms;
  }

  /** The shadow was read; `isFresh`: from the API server. */
  read(shadow: BottlerocketShadow, isFresh = false): void {
    if (isFresh) this.#freshAtMs = this.#clock.monotonic();
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
    // The apiserver refuses such a report if the spec, as the API server has it then, does not permit the step.
    if (status.progress != null && status.progress.step !== 'Returning') this.#freshAtMs = this.#clock.monotonic();
    this.#written = { status, uid: this.#shadow?.metadata.uid, atMs: this.#clock.monotonic() };
  }
}
