import type { StatusCause } from '../http/status.ts';
import { isRecord } from '../types.ts';
import type { Json } from '../types.ts';

/** Violations of `x-kubernetes-list-type`: duplicate values in a set, duplicate keys in a map. */
export function listTypeCauses(value: unknown, schema: Json, path = ''): StatusCause[] {
  if (Array.isArray(value)) {
    const items = schema['items'];
    const below = isRecord(items) ? value.flatMap((item, at) => listTypeCauses(item, items, `${path}[${String(at)}]`)) : [];
    return [...duplicates(value, schema, path), ...below];
  }
  const properties = schema['properties'];
  if (!isRecord(value) || !isRecord(properties)) return [];
  return Object.entries(value).flatMap(([field, content]) => {
    const fieldSchema = properties[field];
    return isRecord(fieldSchema) ? listTypeCauses(content, fieldSchema, path === '' ? field : `${path}.${field}`) : [];
  });
}

function duplicates(list: readonly unknown[], schema: Json, path: string): StatusCause[] {
  const type = schema['x-kubernetes-list-type'];
  if (type !== 'map' && type !== 'set') return [];
  const keys = Array.isArray(schema['x-kubernetes-list-map-keys']) ? (schema['x-kubernetes-list-map-keys'] as string[]) : [];
  const identity = (item: unknown): string =>
    JSON.stringify(type === 'map' && isRecord(item) ? Object.fromEntries(keys.map((key) => [key, item[key]])) : item);
  const seen = new Set<string>();
  return list.flatMap((item, at) => {
    const shown = identity(item);
    if (!seen.has(shown)) {
      seen.add(shown);
      return [];
    }
    return [{ reason: 'FieldValueDuplicate', message: `Duplicate value: ${shown}`, field: `${path}[${String(at)}]` }];
  });
}
