import { describe, expect, test } from '@jest/globals';
import { aFleet } from './a-fleet.ts';

const MINUTE = 60_000;
const KB = 1_000;

describe('a webhook that refuses evictions with 300 kB of text', () => {
  test('is quoted with the beginning and the end of its message, and delays the update only as long as it refuses', async () => {
    const fleet = aFleet({ nodes: 2, webReplicas: 3 });
    const message = `Not now. ${'x'.repeat(300 * KB)} Ask the platform team.`;
    const stop = fleet.api.webhooks.add({
      name: 'policy.example.com',
      resources: ['pods/eviction'],
      answer: () => ({ deny: { code: 403, message } }),
    });
    const quoted = (): string | undefined =>
      fleet.names.map((name) => fleet.shadow(name)?.status?.progress?.message).find((text) => text?.includes('Not now.'));
    expect(await fleet.until(() => quoted() !== undefined, 60 * MINUTE)).toBe(true);
    expect(quoted()).toMatch(
      /^The API server refuses the eviction of pod .*: admission webhook .* denied the request: Not now\. x+ … x+ Ask the platform team\.$/,
    );
    expect(quoted()?.length).toBeLessThanOrEqual(1_024);
    await fleet.rest(5 * MINUTE);
    stop();
    expect(await fleet.rollOut(60 * MINUTE)).toBe(true);
    expect(fleet.names.map((name) => fleet.shadow(name)?.status?.crash_count)).toEqual([0, 0]);
  });
});
