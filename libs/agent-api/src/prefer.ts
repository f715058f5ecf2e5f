/** What a `Prefer` header asks for. */
export interface Preferences {
  /** How long the client would wait for an answer, in seconds; absent if it does not say. The server may wait less. */
  readonly wait?: number;
  /** Whether one bounded step is wanted instead of the whole. */
  readonly respondAsync: boolean;
}

// A preference is a token with an optional value, which may be quoted, and parameters that nobody uses (RFC 7240, section 2).
const PREFERENCE = /^\s*([!#$%&'*+.^_`|~\w-]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*)\s*)?(?:;.*)?$/s;
// What anyone may send is read only so far: unbalanced quotes cost time quadratic in its length.
const LONGEST_HEADER = 1000;
const SECONDS = /^\d{1,9}$/;

/** Reads a `Prefer` header (RFC 7240). Unknown or malformed preferences are ignored, of a repeated one the first counts. Never throws. */
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
