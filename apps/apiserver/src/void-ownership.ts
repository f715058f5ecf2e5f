import { MARKS, markState, type Mark, type MarkedNode } from '@brupop/crd-models';

type Texts = Readonly<Partial<Record<Mark, string>>>;

/**
 * Remembers which marks were seen void, until they are gone. A node may be cordoned again, by an administrator, before its void mark has been removed; without this
 * the mark would then pass for valid, and the cordon for the operator's. Bounded by the number of nodes that bear marks.
 */
export class VoidMarks {
  readonly #seen = new Map<string, Texts>();

  /** A Node was seen like this; undefined: it is gone. @returns whether it bears a void mark */
  saw(name: string, node: MarkedNode | undefined): boolean {
    const before = this.#seen.get(name);
    const texts: Partial<Record<Mark, string>> = {};
    for (const mark of MARKS) {
      const text = node?.metadata.annotations?.[mark];
      if (node === undefined || text === undefined) continue;
      if (markState(node, mark) === 'void' || before?.[mark] === text) texts[mark] = text;
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
