/** What decides whether the operator's traces on a node are in order. `V` identifies the ownership annotations that are void. */
export interface TidyNode<V> {
  readonly name: string;
  /** Whether the node has the opt-in label with the right value. */
  readonly managed: boolean;
  /** Whether the node is cordoned, by anyone. */
  readonly cordoned: boolean;
  /** Whether the node has the taint that keeps the operator's servers off cordoned nodes. */
  readonly tainted: boolean;
  /** Absent: there are none. */
  readonly voided?: V;
}

/** A node to tidy: whether it should have the taint, and the void annotations to remove. */
export type NodeToTidy<V> = Pick<TidyNode<V>, 'name' | 'tainted' | 'voided'>;

/**
 * Decides which nodes to tidy: those with void ownership annotations, and those whose taint of cordoned nodes is to be added or removed.
 * Cordoned nodes have the taint as long as any node of the cluster is managed.
 */
export function decideTidying<V>(nodes: readonly TidyNode<V>[]): NodeToTidy<V>[] {
  const isInUse = nodes.some(({ managed }) => managed);
  return nodes.flatMap(({ name, cordoned, tainted, voided }) => {
    const shouldBeTainted = cordoned && isInUse;
    if (shouldBeTainted === tainted && voided === undefined) return [];
    return [{ name, tainted: shouldBeTainted, ...(voided === undefined ? {} : { voided }) }];
  });
}
