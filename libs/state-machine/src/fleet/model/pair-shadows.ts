import { nodeNameOf, shadowName, type BottlerocketShadow } from '@brupop/crd-models';
import type { NodeObservation } from './observation.ts';

/** The shadows of nodes. */
export interface PairedShadows {
  /** In the order of the nodes. */
  readonly byNode: readonly (BottlerocketShadow | undefined)[];
  /** Shadows whose node is gone. */
  readonly orphans: readonly BottlerocketShadow[];
}

/** Finds the shadow of each node. If a node has two, the one with the right name is used. */
export function pairShadows(nodes: readonly NodeObservation[], shadows: readonly BottlerocketShadow[]): PairedShadows {
  return pairInOrder(nodes, shadows) ?? pairByName(nodes, shadows);
}

/**
 * Shadows are named after their nodes, so both lists usually have the same order, and one pass without an index finds all pairs.
 * @returns undefined if a shadow is out of order or has no node
 */
function pairInOrder(nodes: readonly NodeObservation[], shadows: readonly BottlerocketShadow[]): PairedShadows | undefined {
  let next = 0;
  const byNode = nodes.map(({ name }) => {
    const shadow = shadows[next];
    if (shadow === undefined || nodeNameOf(shadow) !== name) return undefined;
    next++;
    return shadow;
  });
  return next === shadows.length ? { byNode, orphans: [] } : undefined;
}

function pairByName(nodes: readonly NodeObservation[], shadows: readonly BottlerocketShadow[]): PairedShadows {
  const found = new Map<string, BottlerocketShadow>();
  for (const shadow of shadows) {
    const node = nodeNameOf(shadow);
    if (node === undefined) continue;
    if (!found.has(node) || shadow.metadata.name === shadowName(node)) found.set(node, shadow);
  }
  const names = new Set(nodes.map(({ name }) => name));
  const isOrphan = (node: string | undefined): boolean => node !== undefined && !names.has(node);
  return { byNode: nodes.map(({ name }) => found.get(name)), orphans: shadows.filter((shadow) => isOrphan(nodeNameOf(shadow))) };
}
