import { keyOf, placeOfObject } from './objects.ts';
import type { PodObject } from './objects.ts';
import type { WorldStore } from './world-store.ts';

/** An index that a pod is in, and under what. */
type Place = [index: Map<string, Map<string, PodObject>>, value: string];

/** Pods by node, by owner and by namespace, so that no controller has to look at all of them. */
export class PodIndex {
  readonly #byNode = new Map<string, Map<string, PodObject>>();
  readonly #byOwner = new Map<string, Map<string, PodObject>>();
  readonly #byOwnerAndNode = new Map<string, Map<string, PodObject>>();
  readonly #byNamespace = new Map<string, Map<string, PodObject>>();

  constructor(store: WorldStore) {
    store.observe('Pod', ({ before, after }) => {
      if (before !== undefined) this.#remove(before);
      if (after !== undefined) this.#add(after);
    });
  }

  onNode(name: string): PodObject[] {
    return inOrder(this.#byNode.get(name));
  }

  countOnNode(name: string): number {
    return this.#byNode.get(name)?.size ?? 0;
  }

  /** How many pods of one owner a node has. */
  countOfOwnerOnNode(ownerUid: string, nodeName: string): number {
    return this.#byOwnerAndNode.get(`${ownerUid} ${nodeName}`)?.size ?? 0;
  }

  ownedBy(uid: string): PodObject[] {
    return inOrder(this.#byOwner.get(uid));
  }

  inNamespace(namespace: string): PodObject[] {
    return inOrder(this.#byNamespace.get(namespace));
  }

  #add(pod: PodObject): void {
    const key = keyOf(placeOfObject(pod));
    for (const [index, value] of this.#places(pod)) {
      const pods = index.get(value) ?? new Map<string, PodObject>();
      index.set(value, pods.set(key, pod));
    }
  }

  #remove(pod: PodObject): void {
    for (const [index, value] of this.#places(pod)) index.get(value)?.delete(keyOf(placeOfObject(pod)));
  }

  #places(pod: PodObject): Place[] {
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
    const places: Place[] = [[this.#byNamespace, pod.metadata.namespace ?? '']];
    const { nodeName } = pod.spec;
    if (nodeName !== undefined) places.push([this.#byNode, nodeName]);
    if (owner !== undefined) places.push([this.#byOwner, owner.uid]);
    if (nodeName !== undefined && owner !== undefined) places.push([this.#byOwnerAndNode, `${owner.uid} ${nodeName}`]);
    return places;
  }
}

// By name: the order must not depend on which pod was written last.
function inOrder(pods: Map<string, PodObject> | undefined): PodObject[] {
  return [...(pods ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pod]) => pod);
}
