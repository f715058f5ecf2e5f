import { MOST_DAEMON_SETS, type NodeHealth, type UnhealthyDaemonSet } from '@brupop/agent-api';
import { shortenText } from '@brupop/crd-models';
import { isDaemonSetPod } from '@brupop/drain';
import { isReady, readyCondition, type KubeNode, type KubePod } from '@brupop/kube-objects';
import { paths, type KubeClient, getOrUndefined } from '@brupop/kube-runtime';

/** Why a Node is not Ready; undefined when it is. */
export function nodeProblem(node: Pick<KubeNode, 'status'> | undefined): string | undefined {
  if (node === undefined) return 'the Node does not exist';
  const ready = readyCondition(node);
  if (ready === undefined) return 'the Node has no Ready condition';
  if (ready.status === 'True') return undefined;
  const parts = [ready.reason ?? `condition Ready is ${ready.status}`, ready.message];
  return shortenText(parts.filter((part) => part !== undefined && part !== '').join(': '));
}

/** Decides whether a node is back in service: it is Ready, and so are the pods of its DaemonSets. Other pods may run elsewhere. */
export function decideHealth(node: Pick<KubeNode, 'status'> | undefined, pods: readonly KubePod[], exceptPodUid?: string): NodeHealth {
  const problem = nodeProblem(node);
  const nodeProblems = problem === undefined ? [] : [`Node is not Ready: ${problem}`];
  // One pod of each DaemonSet is enough.
  const unhealthy = new Map<string, UnhealthyDaemonSet>();
  for (const pod of pods) {
    // The caller runs, or it would not have sent the request.
    if (!isDaemonSetPod(pod) || (exceptPodUid !== undefined && pod.metadata.uid === exceptPodUid)) continue;
    const wrong = podProblem(pod);
    const name = daemonSetOf(pod);
    if (wrong !== undefined) unhealthy.set(name, { name, problem: wrong });
  }
  // Sorted, so that the same pods always give the same text.
  const daemonSets = [...unhealthy.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, MOST_DAEMON_SETS);
  const problems = [...nodeProblems, ...daemonSets.map((daemonSet) => daemonSet.problem)];
  return {
    healthy: problems.length === 0,
    problems: problems.slice(0, MOST_PROBLEMS),
    ...(nodeProblems[0] === undefined ? {} : { node_problem: nodeProblems[0] }),
    daemon_sets: daemonSets,
  };
}

const MOST_PROBLEMS = 20;

function podProblem(pod: KubePod): string | undefined {
  const { metadata } = pod;
  const where = `${metadata.namespace ?? ''}/${metadata.name}`;
  if (metadata.deletionTimestamp !== undefined) return `Pod ${where} is terminating`;
  return isReady(pod) ? undefined : `Pod ${where} is not Ready`;
}

function daemonSetOf({ metadata }: KubePod): string {
  const owner = metadata.ownerReferences?.find(({ kind, controller }) => kind === 'DaemonSet' && controller === true);
  return `${metadata.namespace ?? ''}/${owner?.name ?? metadata.name}`;
}

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
    client.request<{ readonly items: readonly KubePod[] }>('GET', paths.pods(), {
      query: { fieldSelector: `spec.nodeName=${nodeName}` },
      signal,
    }),
  ]);
  return decideHealth(node, pods.items, exceptPodUid);
}
