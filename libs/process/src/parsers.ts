import { isIP } from 'node:net';
import { withRule, type Parsed, type Parser } from './config.ts';

const ok = <T>(value: T): Parsed<T> => ({ ok: true, value });
const expected = (what: string): { readonly ok: false; readonly expected: string } => ({ ok: false, expected: what });

/** Any non-empty text. */
export const text: Parser<string> = (given) => (given === '' ? expected('some text') : ok(given));

/** `true` or `false`. */
export const boolean: Parser<boolean> = withRule({ words: ['true', 'false'] }, (given) =>
  given === 'true' || given === 'false' ? ok(given === 'true') : expected('true or false'),
);

/** An integer within inclusive bounds. */
export function integer({ min = 0, max = Number.MAX_SAFE_INTEGER }: { readonly min?: number; readonly max?: number } = {}): Parser<number> {
  const range =
    max === Number.MAX_SAFE_INTEGER ? `an integer of at least ${String(min)}` : `an integer from ${String(min)} to ${String(max)}`;
  return withRule({ integer: { min, max } }, (given) => {
    const value = Number(given);
    return /^[+-]?\d+$/.test(given) && Number.isSafeInteger(value) && value >= min && value <= max ? ok(value) : expected(range);
  });
}

/** A TCP port; 0 lets the system choose. */
export const port: Parser<number> = integer({ min: 0, max: 65_535 });

/** One of the given words. */
export function oneOf<const T extends string>(...words: readonly T[]): Parser<T> {
  return withRule({ words }, (given) => {
    const word = words.find((candidate) => candidate === given);
    return word === undefined ? expected(`one of ${words.join(', ')}`) : ok(word);
  });
}

/** An integer of seconds; the value is in milliseconds. */
export function seconds({ min = 0, max = 30 * 86_400 }: { readonly min?: number; readonly max?: number } = {}): Parser<number> {
  const parse = integer({ min, max });
  return withRule({ integer: { min, max } }, (given) => {
    const parsed = parse(given);
    return parsed.ok ? ok(parsed.value * 1_000) : expected(`seconds, ${parsed.expected}`);
  });
}

/** Undefined for an empty text, otherwise the result of `parse`. Use with the default `''`. */
export function optional<T>(parse: Parser<T>): Parser<T | undefined> {
  const parseGiven = (given: string): Parsed<T | undefined> => (given === '' ? ok(undefined) : parse(given));
  return parse.rule === undefined ? parseGiven : withRule({ anyOf: [{ words: [''] }, parse.rule] }, parseGiven);
}

/** An IPv4 or IPv6 address. */
export const ipAddress: Parser<string> = withRule({ pattern: '[0-9a-zA-Z.:%]+' }, (given) =>
  isIP(given) === 0 ? expected('an IP address') : ok(given),
);

/** An absolute http or https URL; trailing slashes are removed. */
export const url: Parser<string> = withRule({ pattern: 'https?://.+' }, (given) =>
  URL.canParse(given) && /^https?:\/\//.test(given) ? ok(given.replace(/\/+$/, '')) : expected('an http or https URL'),
);
