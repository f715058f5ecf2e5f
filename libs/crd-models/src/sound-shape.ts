import { isFields, quote } from './parse.ts';
import type { JsonSchema } from './schema.ts';

/** A part of a value that is not what its schema says. */
export interface ShapeFault {
  /** Names of the fields that lead to the part, from the outermost. */
  readonly path: readonly string[];
  /** Such as `integer`, or the words that the field may hold. */
  readonly expected: string;
  /** What is there instead, shortened. */
  readonly found: string;
}

/** The legal part of a value. */
export interface SoundShape {
  /** The value itself if all of it is legal; otherwise without its illegal parts; undefined if nothing is left. */
  readonly value: unknown;
  /** The first few illegal parts. */
  readonly faults: readonly ShapeFault[];
}

const MOST_FAULTS = 3;
const SOUND: readonly ShapeFault[] = [];

/**
 * Keeps of a value what has the types, words and required fields of a schema. Limits and patterns are not checked, and fields that the
 * schema does not have are kept. `null` in an optional field that is not nullable counts as absent. Never throws. Every object that the API
 * server sends goes through here: a valid one costs one walk along the schema, and is not copied.
 */
export function soundShape(value: unknown, schema: JsonSchema): SoundShape {
  const found = walk(value, schema);
  return { value: found.value, faults: found.faults.slice(0, MOST_FAULTS) };
}

function walk(value: unknown, schema: JsonSchema): SoundShape {
  if (value === null && schema.nullable === true) return { value, faults: SOUND };
  switch (schema.type) {
    case 'string':
      return typeof value === 'string' && (schema.enum === undefined || schema.enum.includes(value))
        ? sound(value)
        : illegal(value, schema);
    case 'boolean':
      return typeof value === 'boolean' ? sound(value) : illegal(value, schema);
    case 'integer':
      return Number.isInteger(value) ? sound(value) : illegal(value, schema);
    case 'array':
      return Array.isArray(value) ? walkList(value, schema) : illegal(value, schema);
    case 'object':
      return isFields(value) ? walkFields(value, schema) : illegal(value, schema);
  }
}

function walkList(list: readonly unknown[], { items }: JsonSchema): SoundShape {
  if (items === undefined) return sound(list);
  let faults = SOUND;
  const kept: unknown[] = [];
  let changed = false;
  for (const [at, item] of list.entries()) {
    const inner = walk(item, items);
    if (inner.faults.length > 0) faults = add(faults, inner.faults, String(at));
    changed ||= inner.value !== item;
    if (inner.value !== undefined) kept.push(inner.value);
  }
  return { value: changed ? kept : list, faults };
}

function walkFields(fields: Readonly<Record<string, unknown>>, schema: JsonSchema): SoundShape {
  const { properties, additionalProperties, required = [] } = schema;
  let faults = SOUND;
  let copy: Record<string, unknown> | undefined;
  const replace = (name: string, inner: unknown): void => {
    copy ??= { ...fields };
    if (inner === undefined) Reflect.deleteProperty(copy, name);
    // Not by assignment: a field may be called `__proto__`.
    else Object.defineProperty(copy, name, { value: inner, enumerable: true, configurable: true, writable: true });
  };
  const check = (name: string, inner: JsonSchema): boolean => {
    const field = fields[name];
    const isRequired = required.includes(name);
    if (field === undefined || (field === null && !isRequired && inner.nullable !== true)) {
      if (field === null) replace(name, undefined);
      if (isRequired) faults = add(faults, illegal(field, inner).faults, name);
      return !isRequired;
    }
    const found = walk(field, inner);
    if (found.faults.length > 0) faults = add(faults, found.faults, name);
    if (found.value !== field) replace(name, found.value);
    return found.value !== undefined || !isRequired;
  };
  let isWhole = true;
  for (const name in properties) {
    const inner = properties[name];
    if (inner !== undefined && !check(name, inner)) isWhole = false;
  }
  if (additionalProperties !== undefined) for (const name of Object.keys(fields)) check(name, additionalProperties);
  return { value: isWhole ? (copy ?? fields) : undefined, faults };
}

const sound = (value: unknown): SoundShape => ({ value, faults: SOUND });

function illegal(found: unknown, { type, enum: words }: JsonSchema): SoundShape {
  const expected = words === undefined ? type : words.map((word) => JSON.stringify(word)).join(' or ');
  return { value: undefined, faults: [{ path: [], expected, found: quote(found) }] };
}

function add(faults: readonly ShapeFault[], inner: readonly ShapeFault[], name: string): readonly ShapeFault[] {
  if (faults.length >= MOST_FAULTS) return faults;
  return [...faults, ...inner.slice(0, MOST_FAULTS).map((fault) => ({ ...fault, path: [name, ...fault.path] }))];
}

/** For people, such as `status.crash_count: expected integer, got "two"`. */
export function faultsInWords(faults: readonly ShapeFault[]): string {
  return faults
    .map(({ path, expected, found }) => `${path.join('.').slice(0, LONGEST_PATH)}: expected ${expected}, got ${found}`)
    .join('; ');
}

const LONGEST_PATH = 120;
