const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

// Clocks differ a little. A timestamp further ahead was edited or is broken, and would make a node wait forever.
const TOLERATED_AHEAD_MS = 60 * 60_000;

/**
 * Parses an RFC 3339 timestamp that anyone may have edited.
 * @param text as found on a resource
 * @param now milliseconds since the epoch
 * @returns milliseconds since the epoch; undefined if it is missing, invalid or more than an hour in the future
 */
export function parseTimestamp(text: string | null | undefined, now: number): number | undefined {
  if (typeof text !== 'string' || !RFC_3339.test(text)) return undefined;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) || atMs > now + TOLERATED_AHEAD_MS ? undefined : atMs;
}

/** `atMs` as an RFC 3339 timestamp in UTC. */
export function formatTimestamp(atMs: number): string {
  return new Date(atMs).toISOString();
}
