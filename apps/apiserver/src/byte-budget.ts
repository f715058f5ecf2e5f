/** Bytes that may be held at one time on behalf of strangers. */
export class ByteBudget {
  #free: number;

  constructor(total: number) {
    this.#free = total;
  }

  /** @returns how to give the bytes back (once; more often does no harm), or undefined if there are not so many left */
  take(bytes: number): (() => void) | undefined {
    if (bytes > this.#free) return undefined;
    this.#free -= bytes;
    let taken = bytes;
    return () => {
      this.#free += taken;
      taken = 0;
    };
  }
}
