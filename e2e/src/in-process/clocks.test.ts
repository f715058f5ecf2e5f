import { DEFAULT_NAMESPACE } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;
const TIMEOUT_MS = 15 * MINUTE;

/** A fleet with drains that a budget blocks, and with machines whose clocks are wrong. */
function aBlockedFleet(skewsMs: readonly number[]): Fleet {
  const fleet = aFleet({ nodes: 3, webReplicas: 2, drainTimeoutMs: TIMEOUT_MS });
  fleet.names.forEach((name, at) => fleet.skewMs.set(name, skewsMs[at] ?? 0));
  for (const { metadata } of fleet.cluster.store.list('PodDisruptionBudget')) {
    if (metadata.namespace === DEFAULT_NAMESPACE) continue;
    fleet.cluster.store.patch('PodDisruptionBudget', metadata, { spec: { maxUnavailable: 0, minAvailable: null } });
  }
  return fleet;
}

describe('clocks that differ between the machines of a fleet', () => {
  test.each([[[0, 20, 0]], [[0, 20, 20]], [[0, -20, -20]], [[-90, 45, 90]]])(
    'by %j minutes: a drain takes its time, neither more nor less',
    async (skews) => {
      const fleet = aBlockedFleet(skews.map((minutes) => minutes * MINUTE));
      const cordoned = (): string | undefined => fleet.names.find((name) => fleet.node(name).cordoned);
      expect(await fleet.until(() => cordoned() !== undefined, 60 * MINUTE)).toBe(true);
      const name = cordoned() ?? '';
      const beganMs = fleet.clock.monotonic();
      expect(await fleet.until(() => !fleet.node(name).cordoned, 60 * MINUTE)).toBe(true);
      const tookMs = fleet.clock.monotonic() - beganMs;
      expect([tookMs > TIMEOUT_MS - MINUTE, tookMs < TIMEOUT_MS + 2 * MINUTE]).toEqual([true, true]);
    },
  );
});
