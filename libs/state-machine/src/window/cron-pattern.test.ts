import { describe, expect, test } from '@jest/globals';
import { Cron } from 'croner';
import fc from 'fast-check';
import { CRON_PATTERN } from './cron-pattern.ts';
import { parseCronWindow } from './cron-window.ts';

const pattern = new RegExp(`^(${CRON_PATTERN})$`);

/** A field of these values, as expressions are written. */
function field(min: number, max: number, others: readonly string[] = []): fc.Arbitrary<string> {
  const number = fc.integer({ min, max });
  const value = fc.oneof(number.map(String), fc.constantFrom(`0${String(min)}`, ...others));
  const span = fc.tuple(number, number).map(([a, b]) => `${String(Math.min(a, b))}-${String(Math.max(a, b))}`);
  const start = fc.oneof(fc.constant('*'), number.map(String), span);
  const steps = fc.tuple(start, fc.integer({ min: 1, max: max - min + 1 })).map(([from, step]) => `${from}/${String(step)}`);
  const list = fc.array(fc.oneof(value, span, steps), { minLength: 1, maxLength: 3 }).map((items) => items.join(','));
  return fc.oneof(fc.constantFrom('*', '?'), list);
}

const expression = fc
  .tuple(
    field(0, 59),
    field(0, 59),
    field(0, 23),
    field(1, 31, ['L', 'LW', '15W']),
    field(1, 12, ['jan', 'December', 'MAR', 'may', 'June-sep']),
    field(1, 7, ['Sun', 'MON', 'thursday', 'Mon-Fri', '2#1', '5L', 'Mon#L']),
    fc.option(field(1970, 2099)),
  )
  .map((fields) => fields.filter((text) => text !== null).join(' '));

describe('the pattern of cron expressions', () => {
  test('rejects no valid expression', () => {
    fc.assert(
      fc.property(expression, (text) => {
        expect(text).toMatch(pattern);
      }),
      { numRuns: 1000 },
    );
  });

  test.each(['@daily', '@WEEKLY', '* * * * * * *', '* * 2-4 * * Sat *', '0  0 2 * * ? *', '*'])(
    'takes "%s", as the parser does',
    (text) => {
      expect(text).toMatch(pattern);
      expect(parseCronWindow(text)).toBeDefined();
    },
  );

  test.each([
    'hello',
    '0 2 * * *',
    '60 0 2 * * * *',
    '0 0 24 * * * *',
    '0 0 2 0 * * *',
    '0 0 2 * 13 * *',
    '0 0 2 * * 8 *',
    '0 0 2 * * * 0',
  ])('refuses "%s", as the parser does', (text) => {
    expect([pattern.test(text), parseCronWindow(text)]).toEqual([false, undefined]);
  });

  // Croner takes an hour that there is not where steps begin at it, and then matches none of them.
  test('what it rejects is rejected by the parser, even if the library would accept it', () => {
    expect(() => new Cron('0 0 24/1,2 * * * *', { paused: true, mode: '7-part', sloppyRanges: true })).not.toThrow();
    expect(parseCronWindow('0 0 24/1,2 * * * *')).toBeUndefined();
  });
});
