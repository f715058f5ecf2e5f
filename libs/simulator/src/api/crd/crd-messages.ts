import type { ErrorObject } from 'ajv';
import type { StatusCause } from '../http/status.ts';

/** `/spec/items/0/name` as Kubernetes writes it: `spec.items[0].name`. */
function fieldPath(pointer: string, last?: string): string {
  const parts = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (last !== undefined) parts.push(last);
  return parts.reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path === '' ? part : `${path}.${part}`), '');
}

function shown(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? (Array.isArray(value) ? '"array"' : '"object"') : JSON.stringify(value);
}

const typeName = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'array'
      : typeof value === 'number'
        ? Number.isInteger(value)
          ? 'integer'
          : 'number'
        : typeof value;

type Params = Readonly<Record<string, unknown>>;

// The wording of kube-openapi's validation errors, by JSON Schema keyword.
const WORDS: Readonly<Record<string, (params: Params, value: unknown) => string>> = {
  pattern: ({ pattern }) => `should match '${String(pattern)}'`,
  minimum: ({ limit }) => `should be greater than or equal to ${String(limit)}`,
  maximum: ({ limit }) => `should be less than or equal to ${String(limit)}`,
  exclusiveMinimum: ({ limit }) => `should be greater than ${String(limit)}`,
  exclusiveMaximum: ({ limit }) => `should be less than ${String(limit)}`,
  minLength: ({ limit }) => `should be at least ${String(limit)} chars long`,
  minItems: ({ limit }) => `should have at least ${String(limit)} items`,
  minProperties: ({ limit }) => `should have at least ${String(limit)} properties`,
  multipleOf: ({ multipleOf }) => `should be a multiple of ${String(multipleOf)}`,
  uniqueItems: () => `shouldn't contain duplicates`,
  format: ({ format }, value) => `must be of type ${String(format)}: ${shown(value)}`,
  anyOf: () => `must validate at least one schema (anyOf)`,
  oneOf: () => `must validate one and only one schema (oneOf)`,
  not: () => `must not validate the schema (not)`,
};

function causeOf(error: ErrorObject): StatusCause {
  const { keyword, instancePath, data: value } = error;
  const params = error.params as Params;
  const field = fieldPath(instancePath);
  switch (keyword) {
    case 'required':
      return { reason: 'FieldValueRequired', message: 'Required value', field: fieldPath(instancePath, String(params['missingProperty'])) };
    case 'type': {
      const wanted = [params['type']].flat().filter((type) => type !== 'null');
      const found = typeName(value);
      return {
        reason: 'FieldValueTypeInvalid',
        message: `Invalid value: "${found}": ${field} in body must be of type ${wanted.join(',')}: "${found}"`,
        field,
      };
    }
    case 'enum': {
      const allowed = (params['allowedValues'] as unknown[]).filter((each) => each !== null).map(shown);
      return {
        reason: 'FieldValueNotSupported',
        message: `Unsupported value: ${shown(value)}: supported values: ${allowed.join(', ')}`,
        field,
      };
    }
    case 'maxLength':
      return { reason: 'FieldValueTooLong', message: `Too long: may not be more than ${String(params['limit'])} bytes`, field };
    case 'maxItems':
    case 'maxProperties': {
      const count = Object.keys(value as object).length;
      return {
        reason: 'FieldValueTooMany',
        message: `Too many: ${String(count)}: must have at most ${String(params['limit'])} items`,
        field,
      };
    }
    default: {
      const words = WORDS[keyword]?.(params, value) ?? error.message ?? 'is invalid';
      return { reason: 'FieldValueInvalid', message: `Invalid value: ${shown(value)}: ${field} in body ${words}`, field };
    }
  }
}

/** Validation errors as causes of a 422, each once. */
export function causesOf(errors: readonly ErrorObject[]): StatusCause[] {
  const unique = new Map<string, StatusCause>();
  for (const error of errors) {
    const cause = causeOf(error);
    unique.set(`${cause.field ?? ''} ${cause.message}`, cause);
  }
  return [...unique.values()];
}
