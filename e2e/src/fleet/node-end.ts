import type { ObservedFleet } from './observed-fleet.ts';
import { NEW } from './versions.ts';

/** The final state of a node. A difference between tables of these says more than a timeout. */
export interface NodeEnd {
  readonly version: string;
  /** Boots since the start of the fleet. */
  readonly boots: number;
  /** Maximum number of consecutive failures. */
  readonly failures: number;
  /** State in spec, and the one in status if that differs. */
  readonly state: string;
  readonly ready: boolean;
  readonly cordoned: boolean;
}

/** By default: updated at the first attempt, and back in service. */
export function aNodeEnd(changes: Partial<NodeEnd> = {}): NodeEnd {
  return { version: NEW, boots: 1, failures: 0, state: 'Idle', ready: true, cordoned: false, ...changes };
}

/** The same final state for each node. */
export function allNodes(fleet: ObservedFleet, changes: Partial<NodeEnd> = {}): Record<string, NodeEnd> {
  return Object.fromEntries(fleet.names.map((name) => [name, aNodeEnd(changes)]));
}

/** The final state of each node, by name. */
export function nodeEnds(fleet: ObservedFleet): Record<string, NodeEnd> {
  return Object.fromEntries(fleet.names.map((name) => [name, nodeEnd(fleet, name)]));
}

function nodeEnd(fleet: ObservedFleet, name: string): NodeEnd {
  const { spec, status } = fleet.shadow(name) ?? {};
  const states = new Set([spec?.state, status?.current_state]);
  return {
    version: fleet.cluster.host(name).version,
    boots: fleet.boots(name),
    failures: fleet.mostFailures(name),
    state: [...states].join(', reported '),
    ...fleet.node(name),
  };
}
