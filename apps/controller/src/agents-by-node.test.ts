import { describe, expect, test } from '@jest/globals';
import { agentsByNode } from './agents-by-node.ts';
import type { TransformedPod } from './transform.ts';

const aPod = (ready: boolean, since?: string, nodeName: string | undefined = 'a'): TransformedPod => ({
  metadata: { name: 'agent' },
  nodeName,
  ready,
  since,
});

describe(agentsByNode, () => {
  test.each<{ name: string; pods: readonly TransformedPod[]; ready: boolean | undefined; since: string | undefined }>([
    { name: 'no pod', pods: [], ready: undefined, since: undefined },
    { name: 'a pod that is not scheduled', pods: [{ ...aPod(true), nodeName: undefined }], ready: undefined, since: undefined },
    { name: 'a pod that is not Ready', pods: [aPod(false, 's')], ready: false, since: 's' },
    { name: 'a Ready pod and its successor that is not', pods: [aPod(true, 's'), aPod(false, 't')], ready: true, since: 's' },
    { name: 'a pod that is not Ready and its Ready successor', pods: [aPod(false, 's'), aPod(true)], ready: true, since: undefined },
  ])('$name', ({ pods, ready, since }) => {
    const { agents, agentsSince } = agentsByNode(pods);
    expect([agents.get('a'), agentsSince.get('a')]).toEqual([ready, since]);
  });
});
