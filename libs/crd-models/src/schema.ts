import { LIMITS } from './limits.ts';

/** The part of OpenAPI v3 that a CustomResourceDefinition accepts as a structural schema and that we use. */
export interface JsonSchema {
  readonly type: 'array' | 'boolean' | 'integer' | 'object' | 'string';
  readonly title?: string;
  readonly description?: string;
  readonly nullable?: true;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly format?: 'date-time' | 'int64' | 'uint32';
  readonly minimum?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema;
  readonly required?: readonly string[];
  readonly 'x-kubernetes-list-type'?: 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

/** The pattern that https://semver.org proposes. */
export const SEMVER_PATTERN =
  '^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(?:-((?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\\.(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\\+([0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*))?$';

/** What `format: date-time` allows, as kube-apiserver reads it (RFC 3339). */
export const TIMESTAMP_PATTERN = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(?:\\.\\d+)?(?:Z|[+-]\\d{2}:\\d{2})$';

/** Any text, of any length or of at most `maxLength` characters. */
export const text = (description: string, maxLength?: number): JsonSchema => ({
  type: 'string',
  description,
  ...(maxLength === undefined ? {} : { maxLength }),
});

/** An object with these fields. */
export const fields = (
  required: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
  description?: string,
): JsonSchema => ({
  type: 'object',
  ...(description === undefined ? {} : { description }),
  ...(Object.keys(required).length === 0 ? {} : { required: Object.keys(required) }),
  properties: { ...required, ...optional },
});

/** A list of such items. */
export const listOf = (items: JsonSchema, maxItems?: number): JsonSchema => ({
  type: 'array',
  ...(maxItems === undefined ? {} : { maxItems }),
  items,
});

/** A semantic version. */
export const version = (description: string): JsonSchema => ({
  type: 'string',
  pattern: SEMVER_PATTERN,
  maxLength: LIMITS.version,
  description,
});

/** An RFC 3339 time. */
export const timestamp = (description: string): JsonSchema => ({
  type: 'string',
  format: 'date-time',
  maxLength: LIMITS.timestamp,
  description,
});

/** An integer of 0 to 2^32 - 1, or from another `minimum` on. */
export const uint32 = (description: string, minimum = 0): JsonSchema => ({ type: 'integer', format: 'uint32', minimum, description });

/** The same schema without limits of length and number, as the original's: what is stored already must stay readable. */
export function withoutLimits(schema: JsonSchema): JsonSchema {
  const { items, properties, additionalProperties } = schema;
  const unlimited: JsonSchema = {
    ...schema,
    ...(items === undefined ? {} : { items: withoutLimits(items) }),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, withoutLimits(inner)])) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: withoutLimits(additionalProperties) }),
  };
  return Object.fromEntries(
    Object.entries(unlimited).filter(([key]) => key !== 'maxLength' && key !== 'maxItems'),
  ) as unknown as JsonSchema;
}

/** The same schema, which also allows `null`. */
export const nullable = (schema: JsonSchema): JsonSchema => ({ ...schema, nullable: true });
