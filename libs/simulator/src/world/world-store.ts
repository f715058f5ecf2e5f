import type { ApiObject, Place, WorldKind, WorldObjects } from './objects.ts';
import { keyOf, placeOfObject } from './objects.ts';

interface Resource {
  readonly group: string;
  readonly resource: string;
}

/** The part of the simulated API's in-process access that the simulated cluster needs: synchronous, as cluster administrator. */
export interface StoreAccess {
  create(object: object): unknown;
  get(ref: Resource & Place): unknown;
  list(ref: Resource): readonly unknown[];
  patch(ref: Resource & Place, mergePatch: object, options?: { readonly subresource?: string }): unknown;
  delete(ref: Resource & Place, options?: { readonly gracePeriodSeconds?: number }): unknown;
  watch(ref: Resource, listener: (event: { readonly type: string; readonly object: unknown }) => void): () => void;
}

const RESOURCES: Readonly<Record<WorldKind, Resource>> = {
  Node: { group: '', resource: 'nodes' },
  Pod: { group: '', resource: 'pods' },
  Service: { group: '', resource: 'services' },
  Deployment: { group: 'apps', resource: 'deployments' },
  ReplicaSet: { group: 'apps', resource: 'replicasets' },
  StatefulSet: { group: 'apps', resource: 'statefulsets' },
  DaemonSet: { group: 'apps', resource: 'daemonsets' },
  PodDisruptionBudget: { group: 'policy', resource: 'poddisruptionbudgets' },
  PersistentVolumeClaim: { group: '', resource: 'persistentvolumeclaims' },
  VolumeAttachment: { group: 'storage.k8s.io', resource: 'volumeattachments' },
  Lease: { group: 'coordination.k8s.io', resource: 'leases' },
};

/** A change of an object: `before` is undefined for a new one, `after` for a deleted one. */
export type Change<T> = { readonly before: T | undefined; readonly after: T } | { readonly before: T; readonly after: undefined };

/** All objects of a kind, kept current by a watch. */
interface Mirror {
  readonly objects: Map<string, ApiObject>;
  readonly listeners: ((change: Change<ApiObject>) => void)[];
  readonly stop: () => void;
}

/** Typed access to the objects of the simulated cluster. Reads come from a mirror, so they are cheap however large the cluster is. */
export class WorldStore {
  readonly #store: StoreAccess;
  readonly #mirrors = new Map<WorldKind, Mirror>();

  constructor(store: StoreAccess) {
    this.#store = store;
  }

  get<K extends WorldKind>(kind: K, place: Place): WorldObjects[K] | undefined {
    return this.#mirror(kind).objects.get(keyOf(place)) as WorldObjects[K] | undefined;
  }

  /** In the order of creation. */
  list<K extends WorldKind>(kind: K): WorldObjects[K][] {
    return [...this.#mirror(kind).objects.values()] as WorldObjects[K][];
  }

  /** Calls `listener` for each existing object, then for every change. Listeners must not write: let them fill a queue. */
  observe<K extends WorldKind>(kind: K, listener: (change: Change<WorldObjects[K]>) => void): void {
    const mirror = this.#mirror(kind);
    const heard = listener as (change: Change<ApiObject>) => void;
    mirror.listeners.push(heard);
    for (const after of mirror.objects.values()) heard({ before: undefined, after });
  }

  /** @throws if the API rejects the object */
  create(object: object): void {
    this.#store.create(object);
  }

  /** Creates an object that may already exist. */
  ensure(object: object): void {
    attempt(() => this.#store.create(object));
  }

  /** Applies a merge patch; does nothing if the object is gone. */
  patch(kind: WorldKind, place: Place, mergePatch: object, subresource?: 'status'): void {
    if (this.get(kind, place) === undefined) return;
    this.#store.patch({ ...RESOURCES[kind], ...place }, mergePatch, subresource === undefined ? {} : { subresource });
  }

  /** Deletes an object; `gracePeriodSeconds: 0` removes a pod immediately. Does nothing if the object is gone. */
  delete(kind: WorldKind, place: Place, options: { readonly gracePeriodSeconds?: number } = {}): void {
    if (this.get(kind, place) === undefined) return;
    this.#store.delete({ ...RESOURCES[kind], ...place }, options);
  }

  stop(): void {
    for (const { stop } of this.#mirrors.values()) stop();
    this.#mirrors.clear();
  }

  #mirror(kind: WorldKind): Mirror {
    const known = this.#mirrors.get(kind);
    if (known !== undefined) return known;
    const objects = new Map<string, ApiObject>();
    const listeners: Mirror['listeners'] = [];
    const stop = this.#store.watch(RESOURCES[kind], ({ type, object }) => {
      const after = object as ApiObject;
      const key = keyOf(placeOfObject(after));
      const before = objects.get(key);
      if (type === 'DELETED') objects.delete(key);
      else objects.set(key, after);
      const change: Change<ApiObject> | undefined =
        type !== 'DELETED' ? { before, after } : before === undefined ? undefined : { before, after: undefined };
      if (change !== undefined) for (const listener of listeners) listener(change);
    });
    const mirror = { objects, listeners, stop };
    this.#mirrors.set(kind, mirror);
    for (const object of this.#store.list(RESOURCES[kind]) as readonly ApiObject[]) objects.set(keyOf(placeOfObject(object)), object);
    return mirror;
  }
}

/** Runs `create` and ignores the error that the object already exists. */
function attempt(create: () => unknown): void {
  try {
    create();
  } catch (error) {
    if ((error as { readonly status?: number }).status !== 409 && (error as { readonly code?: number }).code !== 409) throw error;
  }
}
