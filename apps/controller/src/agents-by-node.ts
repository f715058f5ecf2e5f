import type { FleetObservation } from '@brupop/state-machine';
import type { TransformedPod } from './transform.ts';

/** What the pods of the agents say about the agent of each node. */
export type Agents = Pick<Required<FleetObservation>, 'agents' | 'agentsSince'>;

/** The agent of a node is Ready if any of its agent pods is: while a pod is replaced there are two. */
export function agentsByNode(pods: readonly TransformedPod[]): Agents {
  const agents = new Map<string, boolean>();
  const agentsSince = new Map<string, string>();
  for (const { nodeName, ready, since } of pods) {
    if (nodeName === undefined || (agents.has(nodeName) && !ready)) continue;
    agents.set(nodeName, ready);
    if (since === undefined) agentsSince.delete(nodeName);
    else agentsSince.set(nodeName, since);
  }
  return { agents, agentsSince };
}
