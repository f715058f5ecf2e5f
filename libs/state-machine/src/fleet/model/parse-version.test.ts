import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { parseVersion } from './parse-version.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const heapBytes = (): number => {
  collectGarbage();
  return getHeapStatistics().used_heap_size;
};

describe(parseVersion, () => {
  test.each([
    { text: '1.2.3', expected: '1.2.3' },
    { text: 'nonsense', expected: undefined },
    { text: `1.2.3-${'a'.repeat(122)}`, expected: `1.2.3-${'a'.repeat(122)}` },
    { text: `1.2.3-${'a'.repeat(123)}`, expected: undefined },
  ])('$text is understood as $expected', ({ text, expected }) => {
    expect(parseVersion(text)?.version).toBe(expected);
  });

  test('900 versions of 240 kB leave nothing behind', () => {
    const before = heapBytes();
    for (let at = 0; at < 900; at++) parseVersion(`1.0.${String(at)}-${'x'.repeat(240_000)}`);
    expect(heapBytes() - before).toBeLessThan(10_000_000);
  });
});
