import type { Random } from '@brupop/ports';

/**
 * The backoff in milliseconds after `failures` consecutive failures (at least 1): doubles from `minMs` to `maxMs`, with a random half, so
 * that many clients do not retry at once.
 */
export function backoffMs(failures: number, { minMs, maxMs }: { readonly minMs: number; readonly maxMs: number }, random: Random): number {
  // 2^n may be Infinity, which is greater than maxMs.
  const ceiling = Math.min(maxMs, minMs * 2 ** Math.max(0, failures - 1));
  return ceiling * (0.5 + random() / 2);
}
