import { describe, expect, test } from '@jest/globals';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;
const OPERATOR = 'system:serviceaccount:brupop-bottlerocket-aws:';

/** A policy that lets the operator make no change of a Node to (un)schedulable. */
function refusing(fleet: Fleet, unschedulable: boolean): () => void {
  return fleet.api.webhooks.add({
    name: 'policy.example.com',
    resources: ['nodes'],
    answer: ({ userInfo, object, oldObject }) => {
      const cordoned = (node: unknown): boolean => (node as { spec?: { unschedulable?: boolean } }).spec?.unschedulable === true;
      const isChange =
        userInfo.username.startsWith(OPERATOR) && cordoned(object) === unschedulable && cordoned(oldObject) !== unschedulable;
      return isChange ? { deny: { code: 403, reason: 'Forbidden', message: 'only on Sundays' } } : {};
    },
  });
}

const WORDS = 'admission webhook "policy.example.com" denied the request: only on Sundays';
const statusOf = (fleet: Fleet, name: string) => fleet.shadow(name)?.status;
const refusedNode = (fleet: Fleet): string | undefined =>
  fleet.names.find((name) => statusOf(fleet, name)?.progress?.reason === 'NodeChangeRefused');

describe('a policy that refuses changes of Nodes', () => {
  test('a refused cordon is reported at once, in the API server’s words, and given up after the drain timeout', async () => {
    const fleet = aFleet({ nodes: 2, webReplicas: 3, drainTimeoutMs: 5 * MINUTE });
    const stop = refusing(fleet, true);
    const draining = (): boolean => fleet.names.some((name) => statusOf(fleet, name)?.progress?.step === 'Draining');
    expect(await fleet.until(draining, 60 * MINUTE)).toBe(true);
    expect(await fleet.until(() => refusedNode(fleet) !== undefined, MINUTE)).toBe(true);
    const node = refusedNode(fleet) ?? '';
    expect(statusOf(fleet, node)?.progress?.message).toBe(`The cordon is refused by the API server: ${WORDS}`);
    const shown = (): boolean =>
      statusOf(fleet, node)?.conditions?.some(({ reason, message }) => reason === 'DrainBlocked' && message.includes(WORDS)) === true;
    expect(await fleet.until(shown, 3 * MINUTE)).toBe(true);
    expect(await fleet.until(() => statusOf(fleet, node)?.crash_count === 1, 5 * MINUTE)).toBe(true);
    expect(statusOf(fleet, node)?.failure_message).toContain(WORDS);
    stop();
    expect(await fleet.rollOut(4 * 60 * MINUTE)).toBe(true);
  });

  test('a refused uncordon is reported at once, and made when it is accepted', async () => {
    const fleet = aFleet({ nodes: 2, webReplicas: 3 });
    const stop = refusing(fleet, false);
    expect(await fleet.until(() => refusedNode(fleet) !== undefined, 60 * MINUTE)).toBe(true);
    const node = refusedNode(fleet) ?? '';
    expect(statusOf(fleet, node)?.progress).toMatchObject({
      step: 'Returning',
      message: `The uncordon is refused by the API server: ${WORDS}`,
    });
    await fleet.rest(5 * MINUTE);
    stop();
    expect(await fleet.rollOut(60 * MINUTE)).toBe(true);
    expect(statusOf(fleet, node)?.crash_count).toBe(0);
  });
});
