import { isRecord } from '../types.ts';
import type { Json } from '../types.ts';

const record = (value: unknown): Json | undefined => (isRecord(value) ? value : undefined);

/** Fields that every object has, whatever its schema says. */
const OBJECT_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

const keepsUnknown = (schema: Json): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true;

function schemaOfField(schema: Json, field: string): Json | undefined {
  return record(record(schema['properties'])?.[field]) ?? record(schema['additionalProperties']);
}

/**
 * Drops fields that a structural schema does not declare.
 * @param dropped receives the paths of dropped fields
 */
export function pruneUnknown(value: unknown, schema: Json, dropped: string[], path = '', isObject = true): unknown {
  if (Array.isArray(value)) {
    const items = record(schema['items']);
    return items === undefined ? value : value.map((item, at) => pruneUnknown(item, items, dropped, `${path}[${String(at)}]`, false));
  }
  if (!isRecord(value)) return value;
  const embedded = isObject || schema['x-kubernetes-embedded-resource'] === true;
  const known: Json = {};
  for (const [field, content] of Object.entries(value)) {
    const below = path === '' ? field : `${path}.${field}`;
    const fieldSchema = schemaOfField(schema, field);
    if (embedded && OBJECT_FIELDS.has(field)) known[field] = content;
    else if (fieldSchema !== undefined) known[field] = pruneUnknown(content, fieldSchema, dropped, below, false);
    else if (keepsUnknown(schema) || schema['additionalProperties'] === true) known[field] = content;
    else dropped.push(below);
  }
  return known;
}

/** Fills in defaults, and drops nulls where the schema does not allow them. */
export function applyDefaults(value: unknown, schema: Json): unknown {
  if (Array.isArray(value)) {
    const items = record(schema['items']);
    return items === undefined ? value : value.map((item) => applyDefaults(item, items));
  }
  if (!isRecord(value)) return value;
  const result: Json = {};
  for (const [field, content] of Object.entries(value)) {
    const fieldSchema = schemaOfField(schema, field);
    if (content === null && fieldSchema !== undefined && fieldSchema['nullable'] !== true) continue;
    result[field] = fieldSchema === undefined ? content : applyDefaults(content, fieldSchema);
  }
  for (const [field, raw] of Object.entries(record(schema['properties']) ?? {})) {
    const fieldSchema = record(raw);
    if (result[field] !== undefined || fieldSchema?.['default'] === undefined) continue;
    result[field] = applyDefaults(structuredClone(fieldSchema['default']), fieldSchema);
  }
  return result;
}
