import { describe, expect, test } from '@jest/globals';
import { LONGEST_MESSAGE, shortenText } from './shorten-text.ts';

describe('a text from outside', () => {
  test('that is short enough stays as it is', () => {
    expect(shortenText('x'.repeat(LONGEST_MESSAGE))).toBe('x'.repeat(LONGEST_MESSAGE));
  });

  test('keeps its beginning and its end', () => {
    expect(shortenText('0123456789'.repeat(10), 20)).toBe('012345678901 … 56789');
  });

  test.each([0, 1, 2, 3, 4, 5, 100, LONGEST_MESSAGE])('is never longer than %d', (longest) => {
    expect(shortenText('a'.repeat(300_000), longest).length).toBeLessThanOrEqual(longest);
  });

  test('is not cut within a character', () => {
    for (let longest = 4; longest < 40; longest++) expect(shortenText('😀'.repeat(100), longest).isWellFormed()).toBe(true);
  });
});
