import type { BottlerocketShadow, ShadowStatus } from '@brupop/crd-models';
import { VirtualClock } from '@brupop/ports';
import { describe, expect, test } from '@jest/globals';
import { ShadowCache } from './shadow-cache.ts';

const status = (crash_count: number): ShadowStatus => ({
  current_version: '1.0.0',
  target_version: '1.1.0',
  current_state: 'Idle',
  crash_count,
});
const aShadow = (crashes: number, uid = 'u'): BottlerocketShadow => ({
  apiVersion: 'brupop.bottlerocket.aws/v2',
  kind: 'BottlerocketShadow',
  metadata: { name: 'brs-a', uid },
  spec: { state: 'Idle' },
  status: status(crashes),
});

describe(ShadowCache, () => {
  test.each<{ name: string; then: (cache: ShadowCache, clock: VirtualClock) => Promise<void> | void; crashes: number }>([
    { name: 'counts immediately', then: () => undefined, crashes: 1 },
    {
      name: 'counts although a read lags',
      then: (cache) => {
        cache.read(aShadow(0));
      },
      crashes: 1,
    },
    {
      name: 'does not count after a read has shown it: later reads show changes by other clients',
      then: (cache) => {
        [aShadow(1), aShadow(7)].forEach((shadow) => {
          cache.read(shadow);
        });
      },
      crashes: 7,
    },
    {
      name: 'does not count for a shadow that was created again',
      then: (cache) => {
        cache.read(aShadow(0, 'v'));
      },
      crashes: 0,
    },
    {
      name: 'does not count longer than a cache may lag, by a read',
      then: async (cache, clock) => {
        await clock.advance(30_001);
        cache.read(aShadow(7));
      },
      crashes: 7,
    },
    {
      name: 'does not count longer than a cache may lag, by a response without changes',
      then: async (cache, clock) => {
        cache.read(aShadow(7));
        await clock.advance(30_001);
        cache.confirmed();
      },
      crashes: 7,
    },
    {
      name: 'counts for as long as a cache may lag',
      then: async (cache, clock) => {
        await clock.advance(30_000);
        cache.confirmed();
      },
      crashes: 1,
    },
  ])('a written status $name', async ({ then, crashes }) => {
    const clock = new VirtualClock();
    const cache = new ShadowCache(clock);
    expect(cache.current()).toBeUndefined();
    cache.read(aShadow(0));
    cache.wrote(status(1));
    await then(cache, clock);
    expect(cache.current()?.status?.crash_count).toBe(crashes);
  });
});
