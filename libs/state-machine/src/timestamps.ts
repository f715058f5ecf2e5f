const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

// Clocks of nodes and controllers differ a little. A stamp further ahead was edited by hand or is broken, and would hold a node for ever.
const TOLERATED_AHEAD_MS = 60 * 60_000;

/**
 * Reads an RFC 3339 timestamp that anyone may have edited.
 * @param text as found on a resource
 * @param now milliseconds since the epoch
 * @returns milliseconds since the epoch; undefined if it is missing, unreadable or more than an hour in the future
 */
export function parseTimestamp(text: string | null | undefined, now: number): number | undefined {
  if (typeof text !== 'string' || !RFC_3339.test(text)) return undefined;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) || atMs > now + TOLERATED_AHEAD_MS ? undefined : atMs;
}

/** `atMs` as RFC 3339 in UTC */
export function formatTimestamp(atMs: number): string {
  return new Date(atMs).toISOString();
}
