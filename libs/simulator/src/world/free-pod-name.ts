import type { Random } from '@brupop/ports';
import { randomSuffix } from '../host/random-id.ts';

/** A generated pod name that is not taken: random suffixes of five letters collide once in thirty clusters of 1,000 pods. */
export function freePodName(prefix: string, random: Random, isTaken: (name: string) => boolean): string {
  for (;;) {
    const name = `${prefix}-${randomSuffix(random)}`;
    if (!isTaken(name)) return name;
  }
}
