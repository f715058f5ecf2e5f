import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';
import type { CustomVersion } from './crd-definition.ts';
import { listTypeCauses } from './crd-list-types.ts';
import { causesOf } from './crd-messages.ts';
import { applyDefaults, pruneUnknown } from './crd-structural.ts';
import type { ResourceType } from '../storage/resources.ts';
import { invalid } from '../http/status.ts';
import { isRecord, omit } from '../types.ts';
import type { Json } from '../types.ts';

const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const ajv = new Ajv({
  strict: false,
  allErrors: true,
  verbose: true,
  unicodeRegExp: false,
  formats: {
    'date-time': (text: string) => DATE_TIME.test(text) && !Number.isNaN(Date.parse(text)),
    date: /^\d{4}-\d\d-\d\d$/,
    uuid: /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i,
    byte: /^[A-Za-z0-9+/]*={0,2}$/,
    ipv4: /^(\d{1,3}\.){3}\d{1,3}$/,
    int32: { type: 'number', validate: (value: number) => Math.abs(value) <= 2 ** 31 },
    int64: { type: 'number', validate: Number.isFinite },
    float: { type: 'number', validate: Number.isFinite },
    double: { type: 'number', validate: Number.isFinite },
  },
});
const KNOWN_FORMATS: ReadonlySet<unknown> = new Set(Object.keys(ajv.formats));

const PLAIN = [
  'type',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'multipleOf',
  'required',
] as const;
const LISTS = ['allOf', 'anyOf', 'oneOf'] as const;

const mapValues = (value: unknown, change: (part: unknown) => unknown): Json =>
  Object.fromEntries(Object.entries(isRecord(value) ? value : {}).map(([key, part]) => [key, change(part)]));

/** OpenAPI v3 with the restrictions of Kubernetes, as JSON Schema. */
function toJsonSchema(schema: unknown): unknown {
  if (!isRecord(schema)) return schema;
  const result: Json = {};
  for (const keyword of PLAIN) if (schema[keyword] !== undefined) result[keyword] = schema[keyword];
  for (const keyword of LISTS) {
    const list = schema[keyword];
    if (Array.isArray(list)) result[keyword] = list.map(toJsonSchema);
  }
  if (KNOWN_FORMATS.has(schema['format'])) result['format'] = schema['format'];
  for (const [bound, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    if (schema[bound] !== undefined) result[schema[exclusive] === true ? exclusive : bound] = schema[bound];
  }
  if (schema['properties'] !== undefined) result['properties'] = mapValues(schema['properties'], toJsonSchema);
  if (isRecord(schema['additionalProperties'])) result['additionalProperties'] = toJsonSchema(schema['additionalProperties']);
  if (schema['items'] !== undefined) result['items'] = toJsonSchema(schema['items']);
  if (schema['not'] !== undefined) result['not'] = toJsonSchema(schema['not']);
  if (schema['x-kubernetes-int-or-string'] === true) result['type'] = ['integer', 'string'];
  if (schema['nullable'] === true && result['type'] !== undefined) {
    result['type'] = [result['type'], 'null'].flat();
    if (Array.isArray(result['enum'])) result['enum'] = [...(result['enum'] as unknown[]), null];
  }
  return result;
}

const validators = new WeakMap<Json, ValidateFunction>();
// Many simulated clusters in one process share the same few schemas.
const compiled = new Map<string, ValidateFunction>();

/** Compiles a schema once. @throws Error if it is not a valid schema */
export function validatorOf(schema: Json): ValidateFunction {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  // The server validates metadata itself.
  const properties = omit(isRecord(schema['properties']) ? schema['properties'] : {}, 'metadata');
  const text = JSON.stringify(toJsonSchema({ ...schema, properties }));
  const validator = compiled.get(text) ?? ajv.compile(JSON.parse(text) as Json);
  compiled.set(text, validator);
  validators.set(schema, validator);
  return validator;
}

/**
 * Prunes, defaults and validates a custom resource against the schema of its version.
 * @throws StatusError 422 with one cause per error
 */
export function admitCustomObject(
  type: ResourceType,
  version: CustomVersion,
  body: Json,
  name: string,
): { object: Json; dropped: string[] } {
  const dropped: string[] = [];
  const pruned = pruneUnknown(body, version.schema, dropped);
  const object = applyDefaults(pruned, version.schema) as Json;
  const validate = validatorOf(version.schema);
  if (!validate(object)) throw invalid(type, name, causesOf(validate.errors ?? []));
  const twice = listTypeCauses(object, version.schema);
  if (twice.length > 0) throw invalid(type, name, twice);
  return { object, dropped };
}
