/** The preferences in a `Prefer` header. */
export interface Preferences {
  /** How long the client would wait for a response, in seconds; absent if not sent. The server may wait less. */
  readonly wait?: number;
  /** Whether the client requests one bounded step instead of the whole operation. */
  readonly respondAsync: boolean;
}

// A preference is a token with an optional value, which may be quoted, and parameters, which are not used here (RFC 7240, section 2).
const PREFERENCE = /^\s*([!#$%&'*+.^_`|~\w-]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*)\s*)?(?:;.*)?$/s;
// Limits the input: unbalanced quotes cost time quadratic in its length.
const LONGEST_HEADER = 1000;
const SECONDS = /^\d{1,9}$/;

/** Reads a `Prefer` header (RFC 7240). Ignores unknown and malformed preferences; if one is repeated, the first counts. Never throws. */
export function parsePrefer(header: string | undefined): Preferences {
  let wait: string | undefined;
  let respondAsync = false;
  for (const preference of splitList((header ?? '').slice(0, LONGEST_HEADER))) {
    const [, name, value = ''] = PREFERENCE.exec(preference) ?? [];
    if (name?.toLowerCase() === 'respond-async') respondAsync = true;
    if (name?.toLowerCase() === 'wait') wait ??= value.replaceAll('"', '');
  }
  return wait !== undefined && SECONDS.test(wait) ? { wait: Number(wait), respondAsync } : { respondAsync };
}

/** Splits at commas outside of quotes. */
function splitList(header: string): readonly string[] {
  return header.match(/(?:"(?:[^"\\]|\\.)*"|[^,])+/gs) ?? [];
}
