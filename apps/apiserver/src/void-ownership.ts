import { OWNERSHIP_ANNOTATIONS, ownershipState, type OwnershipAnnotation, type NodeOwnershipFields } from '@brupop/crd-models';

type Texts = Readonly<Partial<Record<OwnershipAnnotation, string>>>;

/**
 * Remembers which marks were seen void, until they are gone. A node may be cordoned again, by an administrator, before its void mark has been removed; without this
 * the mark would then pass for valid, and the cordon for the operator's. Bounded by the number of nodes that bear marks.
 */
export class VoidOwnership {
  readonly #seen = new Map<string, Texts>();

  /** A Node was seen like this; undefined: it is gone. @returns whether it bears a void mark */
  saw(name: string, node: NodeOwnershipFields | undefined): boolean {
    const before = this.#seen.get(name);
    const texts: Partial<Record<OwnershipAnnotation, string>> = {};
    for (const mark of OWNERSHIP_ANNOTATIONS) {
      const text = node?.metadata.annotations?.[mark];
      if (node === undefined || text === undefined) continue;
      if (ownershipState(node, mark) === 'void' || before?.[mark] === text) texts[mark] = text;
    }
    const isVoid = Object.keys(texts).length > 0;
    if (isVoid) this.#seen.set(name, texts);
    else this.#seen.delete(name);
    return isVoid;
  }

  /** By annotation: the text of each void mark of this node. */
  of(name: string): Texts | undefined {
    return this.#seen.get(name);
  }
}
