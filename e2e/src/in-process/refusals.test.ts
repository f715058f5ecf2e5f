import { describe, expect, test } from '@jest/globals';
import { EXCLUDE_FROM_LB_LABEL } from '@brupop/kube-objects';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const OPERATOR = 'system:serviceaccount:brupop-bottlerocket-aws:';

/** A policy that rejects every change of a Node's schedulability by the operator. */
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

describe('a policy that rejects changes of Nodes', () => {
  test('a rejected cordon is reported immediately with the API server’s message, and given up after the drain timeout', async () => {
    const fleet = aFleet({ nodes: 2, webReplicas: 3, drainTimeoutMs: 5 * MINUTE });
    const stop = refusing(fleet, true);
    const draining = (): boolean => fleet.names.some((name) => statusOf(fleet, name)?.progress?.step === 'Draining');
    expect(await fleet.until(draining, 60 * MINUTE)).toBe(true);
    expect(await fleet.until(() => refusedNode(fleet) !== undefined, MINUTE)).toBe(true);
    const node = refusedNode(fleet) ?? '';
    expect(statusOf(fleet, node)?.progress?.message).toBe(`The API server rejected the cordon: ${WORDS}`);
    const shown = (): boolean =>
      statusOf(fleet, node)?.conditions?.some(({ reason, message }) => reason === 'DrainBlocked' && message.includes(WORDS)) === true;
    expect(await fleet.until(shown, 3 * MINUTE)).toBe(true);
    expect(await fleet.until(() => statusOf(fleet, node)?.crash_count === 1, 5 * MINUTE)).toBe(true);
    expect(statusOf(fleet, node)?.failure_message).toContain(WORDS);
    stop();
    expect(await fleet.rollOut(4 * 60 * MINUTE)).toBe(true);
  });

  test('a rejected uncordon is reported immediately, and retried until it is accepted', async () => {
    const fleet = aFleet({ nodes: 2, webReplicas: 3 });
    const stop = refusing(fleet, false);
    expect(await fleet.until(() => refusedNode(fleet) !== undefined, 60 * MINUTE)).toBe(true);
    const node = refusedNode(fleet) ?? '';
    expect(statusOf(fleet, node)?.progress).toMatchObject({
      step: 'Returning',
      message: `The API server rejected the uncordon: ${WORDS}`,
    });
    await fleet.rest(5 * MINUTE);
    // By then the condition says it, too.
    expect(statusOf(fleet, node)?.conditions?.find(({ type }) => type === 'Drained')).toMatchObject({
      reason: 'DrainBlocked',
      message: `The API server rejected the uncordon: ${WORDS}`,
    });
    stop();
    expect(await fleet.rollOut(60 * MINUTE)).toBe(true);
    expect(statusOf(fleet, node)?.crash_count).toBe(0);
  });
});

/** Requests about one node that a policy rejects every time. @param isRefused compares the node after and before */
function refusingFor(fleet: Fleet, name: string, isRefused: (after: NodeLike, before: NodeLike) => boolean): () => void {
  return fleet.api.webhooks.add({
    name: 'policy.example.com',
    resources: ['nodes'],
    answer: ({ userInfo, object, oldObject, name: asked }) =>
      asked === name && userInfo.username.startsWith(OPERATOR) && isRefused(object as unknown as NodeLike, oldObject as unknown as NodeLike)
        ? { deny: { code: 403, reason: 'Forbidden', message: 'only on Sundays' } }
        : {},
  });
}

interface NodeLike {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: { readonly unschedulable?: boolean };
}

const isExcluded = ({ metadata }: NodeLike): boolean => EXCLUDE_FROM_LB_LABEL in (metadata.labels ?? {});
const isCordoned = ({ spec }: NodeLike): boolean => spec?.unschedulable === true;
const LB = { agentSettings: { excludeFromLbWaitMs: MINUTE }, webReplicas: 4, nodes: 3 };

/** The operator's changes that are left on the nodes. */
const leftovers = (fleet: Fleet): string[] =>
  fleet.cluster.nodes.flatMap((node) => [
    ...Object.keys(node.metadata.annotations ?? {}).filter((key) => key.startsWith('brupop.bottlerocket.aws/')),
    ...(isExcluded(node) || isCordoned(node) ? [node.metadata.name] : []),
  ]);

describe('a policy that rejects one change of one node', () => {
  test('of the exclusion from load balancers is reported with the API server’s message and given up after the drain timeout, and other nodes continue', async () => {
    const fleet = aFleet({ ...LB, drainTimeoutMs: 5 * MINUTE });
    const stop = refusingFor(fleet, 'node-1', (after, before) => isExcluded(after) && !isExcluded(before));
    const node1 = () => statusOf(fleet, 'node-1');
    expect(await fleet.until(() => node1()?.progress?.reason === 'NodeChangeRefused', HOUR)).toBe(true);
    expect(node1()?.progress).toMatchObject({ step: 'Excluding', message: expect.stringContaining(WORDS) as unknown as string });
    const since = fleet.clock.now();
    expect(await fleet.until(() => node1()?.crash_count === 1, HOUR)).toBe(true);
    expect(fleet.clock.now() - since).toBeLessThan(7 * MINUTE);
    expect(node1()?.failure_message).toContain(WORDS);
    expect(await fleet.until(() => fleet.isDone('node-2') && fleet.isDone('node-3'), HOUR)).toBe(true);
    expect(fleet.boots('node-1')).toBe(0);
    stop();
    expect(await fleet.rollOut(4 * HOUR)).toBe(true);
    expect(leftovers(fleet)).toEqual([]);
  });

  test.each([
    {
      name: 'of the end of the exclusion from load balancers',
      isRefused: (after: NodeLike, before: NodeLike) => isExcluded(before) && !isExcluded(after),
    },
    { name: 'of the uncordon', isRefused: (after: NodeLike, before: NodeLike) => isCordoned(before) && !isCordoned(after) },
  ])(
    '$name is reported with the API server’s message, other nodes continue, and it is retried until the policy allows it',
    async ({ isRefused }) => {
      const fleet = aFleet({ ...LB, policy: { maxConcurrentUpdates: 2 } });
      const stop = refusingFor(fleet, 'node-1', isRefused);
      const node1 = () => statusOf(fleet, 'node-1');
      expect(await fleet.until(() => node1()?.progress?.reason === 'NodeChangeRefused', HOUR)).toBe(true);
      expect(node1()?.progress).toMatchObject({ step: 'Returning', message: expect.stringContaining(WORDS) as unknown as string });
      expect(await fleet.until(() => fleet.isDone('node-2') && fleet.isDone('node-3'), HOUR)).toBe(true);
      expect(fleet.isDone('node-1')).toBe(false);
      stop();
      expect(await fleet.rollOut(HOUR)).toBe(true);
      expect(fleet.names.map((name) => fleet.mostFailures(name))).toEqual([0, 0, 0]);
      expect(fleet.boots()).toBe(3);
      expect(leftovers(fleet)).toEqual([]);
    },
  );
});
