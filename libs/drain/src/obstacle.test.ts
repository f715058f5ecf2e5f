import { describe, expect, test } from '@jest/globals';
import { byRank, drainBlock, endingObstacle, evictionObstacle, type FailedEviction } from './obstacle.ts';
import type { DrainPod } from './pod.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const aPod = (metadata: Partial<DrainPod['metadata']> = {}): DrainPod => ({
  metadata: { name: 'web-0', namespace: 'default', ...metadata },
});

describe(evictionObstacle, () => {
  test.each<{ name: string; outcome: FailedEviction | undefined; reason: string; message: string }>([
    {
      name: 'a budget by its name',
      outcome: { kind: 'blocked', budget: 'web', message: 'Cannot evict.' },
      reason: 'DisruptionBudget',
      message: 'PodDisruptionBudget default/web allows no disruption of pod default/web-0',
    },
    {
      name: 'a budget without a name by the message of the API server',
      outcome: { kind: 'blocked', message: 'Cannot evict.' },
      reason: 'DisruptionBudget',
      message: 'A PodDisruptionBudget allows no disruption of pod default/web-0: Cannot evict.',
    },
    {
      name: 'a refusal',
      outcome: { kind: 'refused', status: 403, message: 'the webhook says no' },
      reason: 'EvictionRefused',
      message: 'The API server refuses the eviction of pod default/web-0: the webhook says no',
    },
    {
      name: 'a failure, such as that of a pod with two budgets',
      outcome: { kind: 'retry', message: 'This pod has more than one PodDisruptionBudget' },
      reason: 'EvictionFailing',
      message: 'The eviction of pod default/web-0 fails: This pod has more than one PodDisruptionBudget',
    },
  ])('describes $name', ({ outcome, reason, message }) => {
    expect(drainBlock([evictionObstacle(aPod(), outcome, false)])).toEqual({ reason, message });
  });

  test.each<{ name: string; outcome: FailedEviction | undefined; evicted: boolean }>([
    { name: 'a pod whose eviction has not been requested yet', outcome: undefined, evicted: false },
    { name: 'a pod that has been evicted', outcome: undefined, evicted: true },
    { name: 'a pod that goes with its namespace', outcome: { kind: 'namespaceTerminating' }, evicted: false },
  ])('$name blocks nothing', ({ outcome, evicted }) => {
    expect(drainBlock([evictionObstacle(aPod(), outcome, evicted)])).toBeUndefined();
  });
});

describe(endingObstacle, () => {
  test.each([
    { name: 'a pod within its grace period', deletionTimestamp: '2026-01-05T12:00:30Z', reason: undefined },
    { name: 'a pod that its kubelet is about to remove', deletionTimestamp: '2026-01-05T11:59:30Z', reason: undefined },
    { name: 'a pod that should have ended', deletionTimestamp: '2026-01-05T11:58:59Z', reason: 'PodNotEnding' },
  ])('$name: $reason', ({ deletionTimestamp, reason }) => {
    expect(drainBlock([endingObstacle(aPod({ deletionTimestamp }), NOW)])?.reason).toBe(reason);
  });
});

describe(drainBlock, () => {
  test('describes the most severe obstacle', () => {
    const obstacles = [
      endingObstacle(aPod({ name: 'old', deletionTimestamp: '2026-01-05T10:00:00Z' }), NOW),
      evictionObstacle(aPod(), { kind: 'blocked', budget: 'web', message: '' }, false),
      evictionObstacle(aPod({ name: 'db-0' }), { kind: 'refused', status: 403, message: 'x' }, false),
    ];
    expect(drainBlock(byRank(obstacles))?.message).toBe('The API server refuses the eviction of pod default/db-0: x');
  });

  test('an empty node is blocked by nothing', () => {
    expect(drainBlock([])).toBeUndefined();
  });
});
