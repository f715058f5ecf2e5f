import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { integerPattern, schemaOf } from './text-schema.ts';

describe(integerPattern, () => {
  test('matches the integers of a range, and no others', () => {
    const bound = fc.oneof(fc.nat(20), fc.nat(1200), fc.nat(3_000_000));
    fc.assert(
      fc.property(bound, bound, fc.array(bound, { minLength: 5 }), (a, b, others) => {
        const [min, max] = [Math.min(a, b), Math.max(a, b)];
        const pattern = new RegExp(`^(${integerPattern(min, max)})$`);
        for (const value of [min, max, min + 1, max + 1, max - 1, min - 1, ...others]) {
          expect([value, pattern.test(String(value))]).toEqual([value, value >= min && value <= max]);
        }
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    { min: 1, max: 65_535, pattern: '[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]' },
    { min: 0, max: 9, pattern: '[0-9]' },
    { min: 10, max: 100, pattern: '[1-9][0-9]{1}|100' },
    { min: 1, max: Number.MAX_SAFE_INTEGER, pattern: '[1-9][0-9]{0,14}' },
  ])('is readable: $min to $max', ({ min, max, pattern }) => {
    expect(integerPattern(min, max)).toBe(pattern);
  });
});

describe(schemaOf, () => {
  test.each([
    { name: 'words', rule: { words: ['a', 'b'] }, isOptional: false, schema: { enum: ['a', 'b'] } },
    { name: 'words, or none', rule: { anyOf: [{ words: [''] }, { words: ['a'] }] }, isOptional: true, schema: { enum: ['a', ''] } },
    {
      name: 'a boolean, also as a YAML boolean',
      rule: { words: ['true', 'false'] },
      isOptional: false,
      schema: { enum: ['true', 'false', true, false] },
    },
    {
      name: 'a number or a word in any case',
      rule: { anyOf: [{ integer: { min: 1, max: 99 } }, { words: ['all'], anyCase: true as const }] },
      isOptional: true,
      schema: { type: ['string', 'integer'], pattern: '^([+]?0*([1-9][0-9]{0,1})|[aA][lL][lL])?$', minimum: 1, maximum: 99 },
    },
    { name: 'anything', rule: undefined, isOptional: false, schema: { type: ['string', 'integer', 'boolean'], maximum: 999_999 } },
  ])('$name', ({ rule, isOptional, schema }) => {
    expect(schemaOf(rule, isOptional)).toEqual(schema);
  });
});
