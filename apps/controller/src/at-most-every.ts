import type { Clock } from '@brupop/ports';

/** @returns the result of `make`, which is at most `ms` old: what goes through the whole fleet is not made again for each caller */
export function atMostEvery<T>(clock: Clock, ms: number, make: () => T): () => T {
  let made: { readonly value: T; readonly atMs: number } | undefined;
  return () => {
    if (made === undefined || clock.monotonic() - made.atMs >= ms) made = { value: make(), atMs: clock.monotonic() };
    return made.value;
  };
}
