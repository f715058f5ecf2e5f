import type { Random } from '@brupop/ports';

/**
 * Milliseconds to wait after `failures` failures in a row (at least 1): doubling from `minMs` to `maxMs`, of which at least half
 * and the rest by chance, so that many clients do not come back at once.
 */
export function backoffMs(failures: number, { minMs, maxMs }: { readonly minMs: number; readonly maxMs: number }, random: Random): number {
  // 2^n is Infinity at worst, and the smaller of it and maxMs is right all the same.
  const ceiling = Math.min(maxMs, minMs * 2 ** Math.max(0, failures - 1));
  return ceiling * (0.5 + random() / 2);
}
