import { MOST_DAEMON_SETS, type NodeHealth, type UnhealthyDaemonSet } from '@brupop/agent-api';
import { isReady, readyCondition, shortenText, type KubePod, type WithConditions } from '@brupop/kube-objects';

const MOST_PROBLEMS = 20;

/** Why a Node is not Ready; undefined when it is. */
export function nodeProblem(node: WithConditions | undefined): string | undefined {
  if (node === undefined) return 'the Node does not exist';
  const ready = readyCondition(node);
  if (ready === undefined) return 'the Node has no Ready condition';
  if (ready.status === 'True') return undefined;
  const parts = [ready.reason ?? `condition Ready is ${ready.status}`, ready.message];
  return shortenText(parts.filter((part) => part !== undefined && part !== '').join(': '));
}

/**
 * Decides whether a node is back in service: it is Ready, and so are the pods of its DaemonSets. Other pods may run elsewhere.
 * @param exceptPodUid the pod of the caller, which runs, or it would not have asked
 */
export function decideHealth(node: WithConditions | undefined, pods: readonly KubePod[], exceptPodUid?: string): NodeHealth {
  const problem = nodeProblem(node);
  const nodeProblems = problem === undefined ? [] : [`Node is not Ready: ${problem}`];
  // One pod of each DaemonSet is enough.
  const unhealthy = new Map<string, UnhealthyDaemonSet>();
  for (const pod of pods) {
    const name = daemonSetOf(pod);
    if (name === undefined || (exceptPodUid !== undefined && pod.metadata.uid === exceptPodUid)) continue;
    const wrong = podProblem(pod);
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

function podProblem(pod: KubePod): string | undefined {
  const where = `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
  if (pod.metadata.deletionTimestamp !== undefined) return `Pod ${where} is terminating`;
  return isReady(pod) ? undefined : `Pod ${where} is not Ready`;
}

/** Namespace and name of the DaemonSet of a pod; undefined for other pods. */
function daemonSetOf({ metadata }: KubePod): string | undefined {
  const owner = metadata.ownerReferences?.find(({ kind, controller }) => kind === 'DaemonSet' && controller === true);
  return owner && `${metadata.namespace ?? ''}/${owner.name}`;
}
