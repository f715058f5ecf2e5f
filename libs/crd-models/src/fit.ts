import { isFields } from './parse.ts';
import type { JsonSchema } from './schema.ts';
import { shortenText } from '@brupop/kube-objects';

/** How {@link fitToSchema} treats what does not fit. */
export interface FitOptions {
  /** Whether the text in the field of this name is shortened; what is not is left for a validator to refuse. */
  readonly shortens: (name: string) => boolean;
  /** Whether a list that is too long keeps only its last items. */
  readonly cutsLists: boolean;
  /** Called with the name of each field that the schema does not have: whether it is kept. */
  readonly keeps: (name: string) => boolean;
}

/** A value of any shape, reduced to the limits of a schema. A value that fits is returned itself. Never throws. */
export function fitToSchema(value: unknown, schema: JsonSchema, options: FitOptions, name = ''): unknown {
  if (typeof value === 'string') {
    const { maxLength } = schema;
    return maxLength !== undefined && value.length > maxLength && options.shortens(name) ? shortenText(value, maxLength) : value;
  }
  if (Array.isArray(value)) return fitList(value, schema, options, name);
  return isFields(value) ? fitFields(value, schema, options) : value;
}

function fitList(list: readonly unknown[], { items, maxItems }: JsonSchema, options: FitOptions, name: string): readonly unknown[] {
  const kept = options.cutsLists && maxItems !== undefined && list.length > maxItems ? list.slice(-maxItems) : list;
  if (items === undefined) return kept;
  const fitted = kept.map((item) => fitToSchema(item, items, options, name));
  return fitted.every((item, at) => item === kept[at]) ? kept : fitted;
}

function fitFields(fields: Readonly<Record<string, unknown>>, { properties }: JsonSchema, options: FitOptions): unknown {
  if (properties === undefined) return fields;
  let changed = false;
  const fitted: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (schema === undefined && !options.keeps(name)) {
      changed = true;
      continue;
    }
    const inner = schema === undefined ? field : fitToSchema(field, schema, options, name);
    changed ||= inner !== field;
    // Not by assignment: a field may be called `__proto__`.
    Object.defineProperty(fitted, name, { value: inner, enumerable: true, configurable: true, writable: true });
  }
  return changed ? fitted : fields;
}
