import { MOST_DAEMON_SETS, type NodeHealth } from '@brupop/agent-api';
import type { StepOutcome } from '@brupop/state-machine';

const MOST_NAMED = 3;

/**
 * Whether a node is healthy, apart from the DaemonSets that were unhealthy before its update.
 * @param before `namespace/name` of each
 */
export function healthOutcome(health: NodeHealth, before: readonly string[]): Pick<StepOutcome, 'done' | 'message' | 'unhealthy'> {
  const { healthy, problems, node_problem, daemon_sets: daemonSets } = health;
  if (healthy) return { done: true, message: 'The node is healthy', unhealthy: daemonSets && [] };
  if (daemonSets === undefined) return { done: false, message: listed(problems) };
  const unhealthy = daemonSets.map(({ name }) => name);
  const blamed = daemonSets.filter(({ name }) => !before.includes(name)).map(({ problem }) => problem);
  const wrong = node_problem === undefined ? blamed : [node_problem, ...blamed];
  if (wrong.length > 0) return { done: false, message: listed(wrong), unhealthy };
  // A full list may omit others.
  if (daemonSets.length >= MOST_DAEMON_SETS) return { done: false, message: 'Too many DaemonSets are unhealthy to list', unhealthy };
  return { done: true, message: `The node is healthy, apart from what was unhealthy before: ${listed(problems)}`, unhealthy };
}

function listed(problems: readonly string[]): string {
  const more = problems.length - MOST_NAMED;
  return `${problems.slice(0, MOST_NAMED).join('; ')}${more > 0 ? `; and ${String(more)} more` : ''}`;
}
