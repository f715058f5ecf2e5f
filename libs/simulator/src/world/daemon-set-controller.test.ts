import { describe, expect, test } from '@jest/globals';
import { DaemonSetController } from './daemon-set-controller.ts';
import { isReady } from './objects.ts';
import type { PodRunner } from './pod-runner.ts';
import { TestCluster } from './test-cluster.ts';

const daemonSet = (image: string, spec: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'agent', namespace: 'default' },
  spec: {
    selector: { matchLabels: { app: 'agent' } },
    minReadySeconds: 10,
    updateStrategy: { rollingUpdate: { maxUnavailable: '10%' } },
    template: { metadata: { labels: { app: 'agent' } }, spec: { containers: [{ name: 'brupop', image }] } },
    ...spec,
  },
});

/** Pods of image `bad` exit right after their start, like a process that rejects a setting; those of image `mute` are never ready. */
function aCluster(): TestCluster {
  const runner: PodRunner = {
    start: (pod, context) => {
      const image = pod.spec.containers[0]?.image;
      if (image === 'bad') {
        bench.clock.setTimer(2_500, () => {
          context.exited(2);
        });
      }
      return { isReady: () => Promise.resolve(image !== 'mute'), stop: () => undefined };
    },
  };
  const nodes = Array.from({ length: 12 }, (_, at) => ({ name: `node-${String(at + 1)}`, version: '1.26.1' }));
  const bench: TestCluster = new TestCluster({ runner, nodes });
  return bench;
}

/** Replaces the template of the DaemonSet. */
function change(bench: TestCluster, image: string): void {
  const containers = [{ name: 'brupop', image }];
  bench.cluster.store.patch('DaemonSet', { namespace: 'default', name: 'agent' }, { spec: { template: { spec: { containers } } } });
}

const images = (bench: TestCluster, image: string): number =>
  bench.app('agent').filter(({ spec }) => spec.containers[0]?.image === image).length;

describe(DaemonSetController, () => {
  test.each(['bad', 'mute'])('a template whose pods do not stay ready (%s) replaces no more than maxUnavailable', async (image) => {
    const bench = aCluster();
    bench.cluster.apply([daemonSet('good')]);
    await bench.clock.advance(60_000);
    expect(bench.app('agent').filter(isReady)).toHaveLength(12);
    change(bench, image);
    await bench.clock.advance(3_600_000);
    // A tenth of twelve, rounded up.
    expect([images(bench, image), images(bench, 'good')]).toEqual([2, 10]);
    change(bench, 'better');
    await bench.clock.advance(600_000);
    expect([images(bench, 'better'), bench.app('agent').filter(isReady).length]).toEqual([12, 12]);
  });

  test('without minReadySeconds a pod that is ready for a moment starts the next replacement', async () => {
    const bench = aCluster();
    bench.cluster.apply([daemonSet('good', { minReadySeconds: 0 })]);
    await bench.clock.advance(60_000);
    change(bench, 'bad');
    await bench.clock.advance(3_600_000);
    expect(images(bench, 'bad')).toBeGreaterThan(2);
  });
});
