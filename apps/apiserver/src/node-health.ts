import type { NodeHealth } from '@brupop/agent-api';
import type { KubeNode, KubePod } from '@brupop/kube-objects';
import { getOrUndefined, paths, type KubeClient } from '@brupop/kube-runtime';
import { decideHealth } from '@brupop/state-machine';

/** Reads a node's pods from the API server and decides its health. */
export async function readHealth(options: {
  readonly client: KubeClient;
  readonly nodeName: string;
  /** The Node from a cache, if it is there. The cache may lag, but the pods of a lost node are not Ready either. */
  readonly known: Pick<KubeNode, 'status'> | undefined;
  /** The pod of the caller. */
  readonly exceptPodUid: string;
  readonly signal: AbortSignal;
}): Promise<NodeHealth> {
  const { client, nodeName, known, exceptPodUid, signal } = options;
  const [node, pods] = await Promise.all([
    known ?? getOrUndefined<KubeNode>(client, paths.node(nodeName), { signal }),
    client.request<{ items: readonly KubePod[] }>('GET', paths.pods(), {
      query: { fieldSelector: `spec.nodeName=${nodeName}` },
      signal,
    }),
  ]);
  return decideHealth(node, pods.items, exceptPodUid);
}
