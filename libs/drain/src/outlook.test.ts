import { describe, expect, test } from '@jest/globals';
import { drainOutlook, type DrainOutlook } from './outlook.ts';
import type { DrainPolicy } from './plan.ts';
import type { DrainPod } from './pod.ts';

const minute = 60_000;
const aPod = (name: string, deletionTimestamp?: string): DrainPod => ({
  metadata: { name, namespace: 'shop', ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) },
});
const SKIP: DrainPolicy = { timeoutMs: 15 * minute, onTimeout: 'skip' };

describe(drainOutlook, () => {
  test.each<{ name: string; evict?: DrainPod[]; wait?: DrainPod[]; policy?: DrainPolicy; nowMs?: number; expected: DrainOutlook }>([
    { name: 'a drain ends with its timeout', evict: [aPod('db')], expected: { endsAtMs: 15 * minute } },
    { name: 'a drain that goes on past its timeout has no end', evict: [aPod('db')], policy: { ...SKIP, onTimeout: 'wait' }, expected: {} },
    { name: 'a drain without a timeout has no end', evict: [aPod('db')], policy: { ...SKIP, timeoutMs: 0 }, expected: {} },
    {
      name: 'a pod that ends soon is not mentioned',
      wait: [aPod('web', '1970-01-01T00:01:30Z')],
      nowMs: minute,
      expected: { endsAtMs: 15 * minute },
    },
    {
      name: 'of pods that take long the slowest is named, and the drain ends a minute after its grace period',
      wait: [aPod('a', '1970-01-01T00:20:00Z'), aPod('b', '1970-01-01T00:40:00Z')],
      expected: { endsAtMs: 41 * minute, notice: 'Pod shop/b is terminating; its grace period ends at 1970-01-01T00:40:00Z' },
    },
    {
      name: 'a grace period that is too long does not prolong the drain',
      wait: [aPod('a', '1970-01-01T02:00:00Z')],
      expected: { endsAtMs: 15 * minute, notice: 'Pod shop/a is terminating; its grace period ends at 1970-01-01T02:00:00Z' },
    },
    {
      name: 'a pod that cannot be evicted ends the drain with its timeout, even if other pods are ending',
      evict: [aPod('db')],
      wait: [aPod('a', '1970-01-01T00:40:00Z')],
      expected: { endsAtMs: 15 * minute, notice: 'Pod shop/a is terminating; its grace period ends at 1970-01-01T00:40:00Z' },
    },
    { name: 'an end that has passed is left out', evict: [aPod('db')], nowMs: 15 * minute, expected: {} },
  ])('$name', ({ evict = [], wait = [], policy = SKIP, nowMs = 0, expected }) => {
    expect(drainOutlook({ evict, wait }, { sinceMs: 0, nowMs, policy })).toEqual(expected);
  });
});
