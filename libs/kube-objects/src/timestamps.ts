const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** An RFC 3339 timestamp in milliseconds since the Unix epoch; undefined if it is absent or invalid. */
export function timestampMs(text: string | null | undefined): number | undefined {
  if (typeof text !== 'string' || !RFC_3339.test(text)) return undefined;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : atMs;
}

/** `atMs` as RFC 3339 in UTC, with milliseconds. */
export function formatTimestamp(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** `atMs` as a `metav1.MicroTime`, as Leases and Events have it. */
export function formatMicroTime(atMs: number): string {
  return formatTimestamp(atMs).replace('Z', '000Z');
}
