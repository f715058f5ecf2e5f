import { OWNERSHIP_ANNOTATIONS, ownershipState, type OwnershipAnnotation, type NodeOwnershipFields } from '@brupop/crd-models';

type Texts = Readonly<Partial<Record<OwnershipAnnotation, string>>>;

/**
 * Remembers which ownership annotations were void, until they are removed. An administrator may cordon a node again before its void
 * annotation is removed; without this, the annotation would then count as valid, and the cordon as the operator's. Bounded by the number of
 * annotated nodes.
 */
export class VoidOwnership {
  readonly #seen = new Map<string, Texts>();

  /** Takes the current state of a Node; undefined if it was deleted. @returns whether it has a void ownership annotation */
  observe(name: string, node: NodeOwnershipFields | undefined): boolean {
    const before = this.#seen.get(name);
    const texts: Partial<Record<OwnershipAnnotation, string>> = {};
    for (const annotation of OWNERSHIP_ANNOTATIONS) {
      const text = node?.metadata.annotations?.[annotation];
      if (node === undefined || text === undefined) continue;
      if (ownershipState(node, annotation) === 'void' || before?.[annotation] === text) texts[annotation] = text;
    }
    const isVoid = Object.keys(texts).length > 0;
    if (isVoid) this.#seen.set(name, texts);
    else this.#seen.delete(name);
    return isVoid;
  }

  /** The text of each void annotation of this node. */
  of(name: string): Texts | undefined {
    return this.#seen.get(name);
  }
}
