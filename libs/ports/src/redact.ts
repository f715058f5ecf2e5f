import { describeError } from './errors.ts';

const SECRET = /token|authorization|password|secret|private_?key/i;
// As PEM, and base64-encoded as in a Secret: an API server that rejects a Secret may quote it.
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY|LS0tLS1CRUdJTiBQUklWQVRFIEtFWS/;
const HIDDEN = '[redacted]';
const DEEPEST = 4;

/** A copy of `fields` that JSON can represent: secrets are replaced, errors are one line, and deep or circular values are cut. */
export function redact(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactObject(fields, 0);
}

function redactObject(value: object, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    try {
      const field: unknown = Reflect.get(value, key);
      if (field === undefined) continue;
      copy[key] = SECRET.test(key) && typeof field !== 'boolean' && typeof field !== 'number' ? HIDDEN : plain(field, depth + 1);
    } catch (error) {
      copy[key] = `[unreadable: ${describeError(error)}]`;
    }
  }
  return copy;
}

function plain(value: unknown, depth: number): unknown {
  const simple = simplified(value, depth);
  return typeof simple === 'string' && PRIVATE_KEY.test(simple) ? HIDDEN : simple;
}

function simplified(value: unknown, depth: number): unknown {
  if (value instanceof Error) return 'code' in value ? `${describeError(value)} (${String(value.code)})` : describeError(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (typeof value === 'bigint' || typeof value === 'symbol') return value.toString();
  if (typeof value === 'function') return '[function]';
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEEPEST) return '[deep]';
  if (value instanceof Map) return redactObject(Object.fromEntries(value) as object, depth);
  if (Array.isArray(value) || value instanceof Set) return Array.from(value, (item: unknown) => plain(item, depth + 1));
  return redactObject(value, depth);
}
