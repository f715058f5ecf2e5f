import { describe, expect, test } from '@jest/globals';
import { VirtualClock } from '@brupop/ports';
import { ExpiringCache } from './expiring-cache.ts';

describe(ExpiringCache, () => {
  test('expires entries by the monotonic clock', async () => {
    const clock = new VirtualClock();
    const cache = new ExpiringCache<string>(clock, 10);
    cache.set('a', 'x', 1_000);
    clock.jump(-3_600_000);
    await clock.advance(999);
    expect(cache.get('a')).toBe('x');
    await clock.advance(1);
    expect(cache.get('a')).toBeUndefined();
  });

  test('stays within its capacity and evicts the oldest entry first', () => {
    const cache = new ExpiringCache<number>(new VirtualClock(), 2);
    for (const [index, key] of ['a', 'b', 'c'].entries()) cache.set(key, index, 1_000);
    expect([cache.size, cache.get('a'), cache.get('c')]).toEqual([2, undefined, 2]);
  });

  test('does not store an expired entry', () => {
    const cache = new ExpiringCache<number>(new VirtualClock(), 2);
    cache.set('a', 1, 0);
    expect(cache.size).toBe(0);
  });
});
