import { timestampMs } from '@brupop/kube-objects';

// Clocks differ a little. A timestamp further ahead was edited or is broken, and would make a node wait forever.
const TOLERATED_AHEAD_MS = 60 * 60_000;

/**
 * Parses an RFC 3339 timestamp that anyone may have edited.
 * @param text as found on a resource
 * @param now milliseconds since the epoch
 * @returns milliseconds since the epoch; undefined if it is missing, invalid or more than an hour in the future
 */
export function parseTimestamp(text: string | null | undefined, now: number): number | undefined {
  const atMs = timestampMs(text);
  return atMs === undefined || atMs > now + TOLERATED_AHEAD_MS ? undefined : atMs;
}
