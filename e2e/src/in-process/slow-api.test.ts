import type { WebhookRule } from '@brupop/simulator';
import { describe, expect, test } from '@jest/globals';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;
const OPERATOR = 'system:serviceaccount:brupop-bottlerocket-aws:';

/** A fleet whose API server calls a slow webhook about writes of the operator. */
function aSlowFleet(webhook: Pick<WebhookRule, 'resources' | 'timeoutSeconds'>, delayMs: number): Fleet {
  const fleet = aFleet({ nodes: 2, webReplicas: 3 });
  fleet.api.webhooks.add({
    name: 'slow.example.com',
    ...webhook,
    answer: ({ userInfo }) => (userInfo.username.startsWith(OPERATOR) ? { delayMs } : {}),
  });
  return fleet;
}

/** Counts writes that the API server drops because the operator hangs up; not those that exceed the server's own timeout. */
function abandoned(fleet: Fleet): { readonly failed: number } {
  const seen = { failed: 0 };
  fleet.api.faults.afterRequest = async ({ method }, _identity, _info, response) => {
    if (response.status === 504 && method !== 'GET' && (await response.text()).includes('context canceled')) seen.failed++;
    return response;
  };
  return seen;
}

describe('an admission webhook that takes as long as the API server allows', () => {
  test.each<{ what: string; resources: readonly string[]; timeoutSeconds: number; delayMs: number; most?: number }>([
    { what: 'an eviction, 12 s', resources: ['pods/eviction'], timeoutSeconds: 15, delayMs: 12_000 },
    { what: 'an eviction, 29 s', resources: ['pods/eviction'], timeoutSeconds: 30, delayMs: 29_000 },
    { what: 'a change of a Node, 16 s', resources: ['nodes'], timeoutSeconds: 30, delayMs: 16_000 },
    { what: 'a change of a Node, 29 s', resources: ['nodes'], timeoutSeconds: 30, delayMs: 29_000 },
    {
      what: 'shadows and their status, 29 s',
      resources: ['bottlerocketshadows', 'bottlerocketshadows/status'],
      timeoutSeconds: 30,
      delayMs: 29_000,
      most: 2,
    },
    { what: 'TokenReviews, 16 s', resources: ['tokenreviews'], timeoutSeconds: 30, delayMs: 16_000 },
    { what: 'Events, 29 s', resources: ['events'], timeoutSeconds: 30, delayMs: 29_000, most: 2 },
    { what: 'Leases, 9.9 s', resources: ['leases'], timeoutSeconds: 10, delayMs: 9_900, most: 2 },
  ])('delays the fleet but does not stop it: $what', async ({ resources, timeoutSeconds, delayMs, most = 0 }) => {
    const fleet = aSlowFleet({ resources, timeoutSeconds }, delayMs);
    const seen = abandoned(fleet);
    expect(await fleet.rollOut(180 * MINUTE)).toBe(true);
    expect(fleet.names.map((name) => fleet.shadow(name)?.status?.crash_count)).toEqual([0, 0]);
    // A controller whose own node is drained stops without waiting for its last writes.
    expect(seen.failed).toBeLessThanOrEqual(most);
  });
});
