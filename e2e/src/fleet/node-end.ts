import type { ObservedFleet } from './observed-fleet.ts';
import { NEW } from './versions.ts';

/** What has become of a node. Compared as a whole, a table of these tells more than a timeout. */
export interface NodeEnd {
  readonly version: string;
  /** Boots since the start of the fleet. */
  readonly boots: number;
  /** Failures in a row. */
  readonly crashes: number | undefined;
  /** What the spec asks for, and where the status is if that differs. */
  readonly state: string;
  readonly ready: boolean;
  readonly cordoned: boolean;
}

/** By default: updated, at the first try, and back in service. */
export function aNodeEnd(changes: Partial<NodeEnd> = {}): NodeEnd {
  return { version: NEW, boots: 1, crashes: 0, state: 'Idle', ready: true, cordoned: false, ...changes };
}

/** The same end for each node. */
export function allNodes(fleet: ObservedFleet, changes: Partial<NodeEnd> = {}): Record<string, NodeEnd> {
  return Object.fromEntries(fleet.names.map((name) => [name, aNodeEnd(changes)]));
}

/** What has become of each node, by name. */
export function nodeEnds(fleet: ObservedFleet): Record<string, NodeEnd> {
  return Object.fromEntries(fleet.names.map((name) => [name, nodeEnd(fleet, name)]));
}

function nodeEnd(fleet: ObservedFleet, name: string): NodeEnd {
  const { spec, status } = fleet.shadow(name) ?? {};
  const states = new Set([spec?.state, status?.current_state]);
  return {
    version: fleet.cluster.host(name).version,
    boots: fleet.boots(name),
    crashes: status?.crash_count,
    state: [...states].join(', reported '),
    ...fleet.node(name),
  };
}
