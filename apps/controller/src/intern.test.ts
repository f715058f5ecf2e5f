import { describe, expect, test } from '@jest/globals';
import { intern } from './intern.ts';

describe(intern, () => {
  test('gives every text back, those too that it has not met for long', () => {
    const texts = Array.from({ length: 3_000 }, (_, at) => `text ${String(at)}`);
    expect(texts.map((text) => intern(text))).toEqual(texts);
    expect(texts.map((text) => intern(text))).toEqual(texts);
  });
});
