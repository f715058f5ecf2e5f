import { describe, expect, test } from '@jest/globals';
import type { JsonSchema } from './schema.ts';
import { AGENT_STATUS_FIELDS, STATUS_SCHEMA } from './shadow-schemas.ts';

/** Paths of the texts and lists without a limit. */
function unlimited({ type, enum: values, maxLength, maxItems, items, properties }: JsonSchema, path: string): string[] {
  const isUnlimited =
    (type === 'string' && values === undefined && maxLength === undefined) || (type === 'array' && maxItems === undefined);
  return [
    ...(isUnlimited ? [path] : []),
    ...(items === undefined ? [] : unlimited(items, `${path}[]`)),
    ...Object.entries(properties ?? {}).flatMap(([name, inner]) => unlimited(inner, `${path}.${name}`)),
  ];
}

describe('the schema of a status', () => {
  test('limits every text and every list that an agent can send', () => {
    expect(unlimited(STATUS_SCHEMA, 'status')).toEqual([]);
  });

  test('leaves the conditions, and nothing else, to the controller', () => {
    const others = Object.keys(STATUS_SCHEMA.properties ?? {}).filter((name) => !AGENT_STATUS_FIELDS.includes(name));
    expect(others).toEqual(['conditions']);
  });
});
