import { SEMVER_PATTERN, TIMESTAMP_PATTERN } from './schema.ts';

/** What became of an unknown value: the typed value, or at most ten lines such as `status.crash_count: expected integer, got "two"`. */
export type ParseResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errors: readonly string[] };

/** One failed check, as generated validators report it. */
export interface ValidationError {
  /** JSON Pointer to the value. */
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** A generated validator. It leaves what it found in `errors`. */
export interface Validate {
  (value: unknown): boolean;
  errors?: readonly ValidationError[] | null;
}

const MOST_ERRORS = 10;
const LONGEST_QUOTE = 60;
const PATTERNS: Readonly<Record<string, string>> = {
  [SEMVER_PATTERN]: 'a semantic version',
  [TIMESTAMP_PATTERN]: 'an RFC 3339 time',
};

/**
 * Says in words what a validator found wrong. `root` names the value as a whole; `prefix` stands before the path of each part.
 * Never throws.
 */
export function parseWith<T>(validate: Validate, value: unknown, root: string, prefix = ''): ParseResult<T> {
  if (validate(value)) return { ok: true, value: value as T };
  // `if` only says that a part that is checked by a validator of its own is wrong, which that one has said.
  const errors = (validate.errors ?? []).filter(({ keyword }) => keyword !== 'if');
  return { ok: false, errors: errors.slice(0, MOST_ERRORS).map((error) => describeError(error, value, root, prefix)) };
}

/** `path: expected …, got …`. */
function describeError(error: ValidationError, value: unknown, root: string, prefix: string): string {
  const missing = error.keyword === 'required' ? [String(error.params['missingProperty'])] : [];
  let path = '';
  let found: unknown = value;
  for (const key of [...error.instancePath.split('/').slice(1).map(unescapePointer), ...missing]) {
    path += Array.isArray(found) ? `[${key}]` : /^\w+$/.test(key) ? `${path === '' ? '' : '.'}${key}` : `[${JSON.stringify(key)}]`;
    // The validator has walked this path: each part of it is an object.
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return `${path === '' ? root : prefix + path}: expected ${expectation(error)}, got ${quote(found)}`;
}

function unescapePointer(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~');
}

function expectation({ keyword, params }: ValidationError): string {
  switch (keyword) {
    case 'type':
      return String(params['type']);
    case 'enum':
      return (params['allowedValues'] as readonly string[]).map((allowed) => JSON.stringify(allowed)).join(' or ');
    case 'pattern': {
      const pattern = String(params['pattern']);
      return PATTERNS[pattern] ?? `text that matches ${pattern}`;
    }
    case 'minimum':
    case 'maximum':
      return `a number ${String(params['comparison'])} ${String(params['limit'])}`;
    case 'maxLength':
      return `at most ${String(params['limit'])} characters`;
    case 'maxItems':
      return `at most ${String(params['limit'])} items`;
    case 'required':
      return 'a value';
    default:
      return 'something else';
  }
}

/** A value in a few words, for people. */
export function quote(found: unknown): string {
  if (found === undefined) return 'nothing';
  if (Array.isArray(found)) return 'a list';
  if (isFields(found)) return 'an object';
  const json = JSON.stringify(found);
  return json.length > LONGEST_QUOTE ? `${json.slice(0, LONGEST_QUOTE)}…` : json;
}

/** Whether a value is an object, and no list. */
export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
