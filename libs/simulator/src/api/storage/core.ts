import type { Clock, Random } from '@brupop/ports';
import { Registry } from './registry.ts';
import { ObjectStore } from './store.ts';

/** What every part of the API shares. */
export interface Core {
  readonly clock: Clock;
  readonly random: Random;
  readonly registry: Registry;
  readonly store: ObjectStore;
}

export function createCore(clock: Clock, random: Random, historyLength: number): Core {
  return { clock, random, registry: new Registry(), store: new ObjectStore(historyLength) };
}

/** A timestamp as Kubernetes writes it: RFC 3339, whole seconds. */
export const timestamp = (clock: Clock, offsetMs = 0): string => new Date(clock.now() + offsetMs).toISOString().replace(/\.\d+Z$/, 'Z');

/** A version 4 UUID. */
export function uuid(random: Random): string {
  const digits = Array.from({ length: 32 }, (_, at) => {
    if (at === 12) return '4';
    const digit = Math.floor(random() * 16);
    return (at === 16 ? (digit & 3) | 8 : digit).toString(16);
  }).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

// No vowels and no look-alikes, as in apimachinery's rand.String.
const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** Five random letters, as `generateName` appends. */
export const nameSuffix = (random: Random): string =>
  Array.from({ length: 5 }, () => SUFFIX_LETTERS[Math.floor(random() * SUFFIX_LETTERS.length)]).join('');
