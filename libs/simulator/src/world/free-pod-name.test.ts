import { describe, expect, test } from '@jest/globals';
import { seededRandom } from '@brupop/ports';
import { freePodName } from './free-pod-name.ts';

describe(freePodName, () => {
  test('generates another name if the first is taken', () => {
    const first = freePodName('web', seededRandom(1), () => false);
    const second = freePodName('web', seededRandom(1), (name) => name === first);
    expect(first).toMatch(/^web-[a-z0-9]{5}$/);
    expect(second).toMatch(/^web-[a-z0-9]{5}$/);
    expect(second).not.toBe(first);
  });
});
