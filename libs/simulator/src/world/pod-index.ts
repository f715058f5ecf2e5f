import { keyOf, placeOfObject } from './objects.ts';
import type { PodObject } from './objects.ts';
import { matchesLabels } from './selectors.ts';
import type { WorldStore } from './world-store.ts';

/** The indexes that contain a pod, and its key in each. */
type Place = [index: Map<string, Map<string, PodObject>>, value: string];

/** Pods by node, by owner, by namespace and by label, so that lookups need not scan all of them. */
export class PodIndex {
  readonly #byNode = new Map<string, Map<string, PodObject>>();
  readonly #byOwner = new Map<string, Map<string, PodObject>>();
  readonly #byOwnerAndNode = new Map<string, Map<string, PodObject>>();
  readonly #byNamespace = new Map<string, Map<string, PodObject>>();
  readonly #byLabel = new Map<string, Map<string, PodObject>>();

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

  /** Pods of a namespace that have all of `labels`. */
  inNamespace(namespace: string, labels: Readonly<Record<string, string>> = {}): PodObject[] {
    const [first] = Object.entries(labels);
    if (first === undefined) return inOrder(this.#byNamespace.get(namespace));
    return inOrder(this.#byLabel.get(labelKey(namespace, first))).filter(({ metadata }) => matchesLabels(labels, metadata.labels));
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
    const { namespace = '', labels = {} } = pod.metadata;
    const places: Place[] = [[this.#byNamespace, namespace]];
    for (const label of Object.entries(labels)) places.push([this.#byLabel, labelKey(namespace, label)]);
    const { nodeName } = pod.spec;
    if (nodeName !== undefined) places.push([this.#byNode, nodeName]);
    if (owner !== undefined) places.push([this.#byOwner, owner.uid]);
    if (nodeName !== undefined && owner !== undefined) places.push([this.#byOwnerAndNode, `${owner.uid} ${nodeName}`]);
    return places;
  }
}

const labelKey = (namespace: string, [name, value]: readonly [string, string]): string => `${namespace} ${name}=${value}`;

// By name: the order must not depend on which pod was written last.
function inOrder(pods: Map<string, PodObject> | undefined): PodObject[] {
  return [...(pods ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pod]) => pod);
}
