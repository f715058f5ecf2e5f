import type { Clock } from '@brupop/ports';

/** Time as `metav1.Time` is written: RFC 3339, whole seconds. */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Time as `metav1.MicroTime` is written: RFC 3339 with microseconds. */
export function microTime(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace('Z', '000Z');
}
