/** A source of randomness: uniformly distributed numbers in [0, 1). */
export type Random = () => number;

/** The random numbers of the runtime. Not for secrets. */
export const systemRandom: Random = () => Math.random();

/** A repeatable sequence (mulberry32): equal seeds give equal numbers. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
