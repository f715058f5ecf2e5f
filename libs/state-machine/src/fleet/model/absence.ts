import type { BottlerocketShadow } from '@brupop/crd-models';
import { parseTimestamp } from '../../timestamps.ts';
import type { FleetObservation, NodeObservation } from './observation.ts';

/** A hold that should pass by itself, such as a node that is not Ready, needs attention after this time in milliseconds. */
export const LASTS_AFTER_MS: number = 5 * 60_000;

/** A node that is not Ready, or whose agent is not, during its update. */
export interface Absence {
  /** What is not Ready, as part of a message. */
  readonly what: string;
  /** Since when, milliseconds since the epoch; undefined: unknown. */
  readonly since: number | undefined;
  /** When it will have lasted longer than a reboot should take; undefined if `since` is. */
  readonly until: number | undefined;
}

/**
 * @param shadow of a node that is being updated
 * @returns undefined while the node and its agent are Ready
 */
export function absenceOf(
  node: NodeObservation,
  { spec }: BottlerocketShadow,
  { agents, agentsSince }: FleetObservation,
  now: number,
): Absence | undefined {
  const agent = agents.get(node.name);
  if (node.ready && agent === true) return undefined;
  const what = !node.ready ? 'the node is not Ready' : agent === false ? "the node's agent is not Ready" : 'the node has no agent pod';
  const seen = parseTimestamp(node.ready ? agentsSince?.get(node.name) : node.readySince, now);
  // `seen` comes from the clock of another machine. By the clock of the controller the node was Ready when the step began.
  const began = parseTimestamp(spec.state_transition_timestamp, now) ?? seen;
  const since = seen === undefined ? undefined : Math.min(Math.max(seen, began ?? seen), now);
  return { what, since, until: since === undefined ? undefined : since + LASTS_AFTER_MS };
}
