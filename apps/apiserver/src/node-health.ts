import type { NodeHealth } from '@brupop/agent-api';
import { isDaemonSetPod, type DrainPod } from '@brupop/drain';
import { paths, type KubeClient } from '@brupop/kube-runtime';
import { readOrUndefined } from './caches.ts';

interface StatusCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** The part of a Node that tells its health. */
export interface HealthNode {
  readonly status?: { readonly conditions?: readonly StatusCondition[] };
}

/** The part of a Pod that tells its health. */
export interface HealthPod extends Omit<DrainPod, 'status'> {
  readonly status?: { readonly phase?: string; readonly conditions?: readonly StatusCondition[] };
}

/** Why a Node is not Ready; undefined when it is. */
export function nodeProblem(node: HealthNode | undefined): string | undefined {
  if (node === undefined) return 'there is no such Node';
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready === undefined) return 'the Node has no condition Ready';
  if (ready.status === 'True') return undefined;
  return [ready.reason ?? `condition Ready is ${ready.status}`, ready.message]
    .filter((part) => part !== undefined && part !== '')
    .join(': ');
}

/** Decides whether a node does its work again: it is Ready, and so are its DaemonSets' pods. Other pods are free to be elsewhere. */
export function decideHealth(node: HealthNode | undefined, pods: readonly HealthPod[], exceptPodUid?: string): NodeHealth {
  const problem = nodeProblem(node);
  const problems = problem === undefined ? [] : [`Node is not Ready: ${problem}`];
  for (const pod of pods) {
    // The caller itself is up, or it would not ask.
    if (!isDaemonSetPod(pod) || (exceptPodUid !== undefined && pod.metadata.uid === exceptPodUid)) continue;
    const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
    const where = `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
    if (pod.metadata.deletionTimestamp !== undefined) problems.push(`Pod ${where} is being replaced`);
    else if (!ready) problems.push(`Pod ${where} is not Ready`);
  }
  return { healthy: problems.length === 0, problems: problems.slice(0, MOST_PROBLEMS) };
}

const MOST_PROBLEMS = 20;

/** Reads a node's pods afresh and tells how it is. */
export async function readHealth(options: {
  readonly client: KubeClient;
  readonly nodeName: string;
  /** The Node, if a cache shows it: it may lag a little, but then the pods of a node that is lost are no longer Ready either. */
  readonly known: HealthNode | undefined;
  /** The pod that asks. */
  readonly exceptPodUid: string;
  readonly signal: AbortSignal;
}): Promise<NodeHealth> {
  const { client, nodeName, known, exceptPodUid, signal } = options;
  const [node, pods] = await Promise.all([
    known ?? readOrUndefined<HealthNode>(client, paths.node(nodeName), signal),
    client.request<{ items: readonly HealthPod[] }>('GET', paths.pods(), {
      query: { fieldSelector: `spec.nodeName=${nodeName}` },
      signal,
    }),
  ]);
  return decideHealth(node, pods.items, exceptPodUid);
}
