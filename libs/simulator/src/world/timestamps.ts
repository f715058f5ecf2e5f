import type { Clock } from '@brupop/ports';

/** A timestamp as `metav1.Time`: RFC 3339, whole seconds. */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** A timestamp as `metav1.MicroTime`: RFC 3339 with microseconds. */
export function microTime(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace('Z', '000Z');
}
