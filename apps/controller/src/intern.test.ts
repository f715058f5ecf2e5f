import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { intern } from './intern.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const heapBytes = (): number => {
  collectGarbage();
  return getHeapStatistics().used_heap_size;
};

describe(intern, () => {
  test('returns every text unchanged, even one last seen long ago', () => {
    const texts = Array.from({ length: 3_000 }, (_, at) => `text ${String(at)}`);
    expect(texts.map((text) => intern(text))).toEqual(texts);
    expect(texts.map((text) => intern(text))).toEqual(texts);
  });

  test('does not retain 900 texts of 240 kB', () => {
    const before = heapBytes();
    for (let at = 0; at < 900; at++) intern(`${String(at)} ${'x'.repeat(240_000)}`);
    expect(heapBytes() - before).toBeLessThan(10_000_000);
  });
});
