import { describe, expect, test } from '@jest/globals';
import type { Reflector } from '@brupop/kube-runtime';
import { createMetrics } from './metrics.ts';
import { createWatchMetrics } from './watch-metrics.ts';

const aReflector = (silenceMs: number | undefined, size: number): Reflector<unknown> => ({
  store: { get: () => undefined, list: () => [], size },
  hasSynced: () => silenceMs !== undefined,
  silenceMs: () => silenceMs,
  run: () => Promise.resolve(),
  waitForSync: () => Promise.resolve(),
  relist: () => undefined,
});

describe(createWatchMetrics, () => {
  test('counts restarts from 0, and shows the time since the last event', async () => {
    const metrics = createMetrics('controller');
    const watches = createWatchMetrics(metrics);
    const restarted = watches.onRestart('nodes');
    restarted('failed');
    restarted('failed');
    watches.show({ nodes: aReflector(1_500, 3), pods: aReflector(undefined, 0) });
    expect((await metrics.render()).split('\n').filter((line) => line.startsWith('brupop_watch'))).toEqual([
      'brupop_watch_restarts_total{resource="nodes",outcome="ended"} 0',
      'brupop_watch_restarts_total{resource="nodes",outcome="expired"} 0',
      'brupop_watch_restarts_total{resource="nodes",outcome="failed"} 2',
      'brupop_watch_age_seconds{resource="nodes"} 1.5',
      'brupop_watched_objects{resource="nodes"} 3',
      'brupop_watched_objects{resource="pods"} 0',
    ]);
  });
});
