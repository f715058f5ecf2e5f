import type { BottlerocketShadow, ShadowStatus } from '@brupop/crd-models';
import type { Clock } from '@brupop/ports';
import { saysTheSame } from '@brupop/state-machine';

/** Maximum lag of an apiserver's cache behind a write that the apiserver has confirmed. */
const LONGEST_LAG_MS = 30_000;

/**
 * The shadow as last read, with the status as last written. Only the agent writes the status, so the written one counts until a read
 * shows it; otherwise a lagging cache would make the agent repeat a step.
 */
export class ShadowCache {
  readonly #clock: Clock;
  /** The entity tag of the last read; undefined makes the next read bypass the apiserver's cache. */
  etag: string | undefined;
  #shadow: BottlerocketShadow | undefined;
  #freshAtMs = -Infinity;
  #written: { readonly status: ShadowStatus; readonly uid: string | undefined; readonly atMs: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The input of decisions; undefined before the first read. */
  current(): BottlerocketShadow | undefined {
    const shadow = this.#shadow;
    return shadow === undefined || this.#written === undefined ? shadow : { ...shadow, status: this.#written.status };
  }

  /**
   * The shadow was read from the API server, not from the cache of an apiserver, while no write was pending; undefined if it does not
   * exist. An earlier write is in it, or was never accepted.
   */
  readAfresh(shadow: BottlerocketShadow | undefined, etag: string | undefined): void {
    this.etag = etag;
    this.#written = undefined;
    if (shadow === undefined) this.#shadow = undefined;
    else this.read(shadow, true);
  }

  /** Whether the spec was current at the API server at most `ms` ago. */
  isFresh(ms: number): boolean {
    return this.#clock.monotonic() - this.#freshAtMs <= ms;
  }

  /** The shadow was read; `isFresh` if from the API server. */
  read(shadow: BottlerocketShadow, isFresh = false): void {
    if (isFresh) this.#freshAtMs = this.#clock.monotonic();
    this.#shadow = shadow;
    this.confirmed();
    const written = this.#written;
    // If the shadow was deleted and created again, our write to the old one does not apply.
    if (written !== undefined && (written.uid !== shadow.metadata.uid || saysTheSame(written.status, shadow.status)))
      this.#written = undefined;
  }

  /**
   * The apiserver confirmed that the shadow has not changed since it was read. If it differs from our write of long ago, another client
   * changed it.
   */
  confirmed(): void {
    if (this.#written !== undefined && this.#clock.monotonic() - this.#written.atMs > LONGEST_LAG_MS) this.#written = undefined;
  }

  /** The status was written. */
  wrote(status: ShadowStatus): void {
    // The apiserver refuses such a report if the current spec at the API server does not permit the step.
    if (status.progress != null && status.progress.step !== 'Returning') this.#freshAtMs = this.#clock.monotonic();
    this.#written = { status, uid: this.#shadow?.metadata.uid, atMs: this.#clock.monotonic() };
  }
}
