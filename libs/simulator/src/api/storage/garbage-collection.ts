import type { Core } from './core.ts';
import { deleteObject } from './object-deletion.ts';
import { BUILTIN_RESOURCES } from './resources.ts';
import type { ResourceType } from './resources.ts';
import { valueAt } from '../types.ts';
import type { KubeObject } from '../types.ts';
import type { Change } from './watch-history.ts';

interface Dependent {
  readonly storage: string;
  readonly key: string;
}

/**
 * The garbage collector and the namespace controller: deletes the dependents of a deleted owner, namespace or definition.
 * An owner that never existed here is considered valid, so that tests may name any.
 */
export class GarbageCollector {
  readonly #core: Core;
  readonly #dependents = new Map<string, Map<string, Dependent>>();
  readonly #due = new Set<() => void>();
  #armed = false;

  constructor(core: Core) {
    this.#core = core;
    core.store.history.subscribe('*', (change) => {
      this.#observe(change);
    });
  }

  #observe(change: Change): void {
    const { storage, key, type, object, previous } = change;
    for (const owner of previous?.metadata.ownerReferences ?? []) this.#dependents.get(owner.uid)?.delete(`${storage}/${key}`);
    if (type === 'DELETED') {
      this.#defer(() => {
        this.#collectDependents(object);
      });
      const { namespace } = object.metadata;
      if (namespace !== undefined) {
        this.#defer(() => {
          this.#finishNamespace(namespace);
        });
      }
      return;
    }
    const owners = object.metadata.ownerReferences ?? [];
    for (const { uid } of owners) {
      const dependents = this.#dependents.get(uid) ?? new Map<string, Dependent>();
      this.#dependents.set(uid, dependents);
      dependents.set(`${storage}/${key}`, { storage, key });
    }
    if (owners.some(({ uid }) => this.#core.store.wasDeleted(uid))) {
      this.#defer(() => {
        this.#collect({ storage, key });
      });
    }
    if (object.metadata.deletionTimestamp !== undefined) this.#observeTerminating(storage, object);
  }

  #observeTerminating(storage: string, object: KubeObject): void {
    if (storage === 'namespaces') {
      this.#defer(() => {
        this.#emptyNamespace(object.metadata.name);
      });
    }
    const finalizers = object.metadata.finalizers ?? [];
    if (finalizers.includes('orphan')) {
      this.#defer(() => {
        this.#orphanDependents(object);
        this.#dropFinalizer(storage, object, 'orphan');
      });
    }
    if (finalizers.includes('foregroundDeletion')) {
      this.#defer(() => {
        this.#collectDependents(object);
        this.#dropFinalizer(storage, object, 'foregroundDeletion');
      });
    }
  }

  /** Controllers run after the write that triggers them, never inside it. */
  #defer(task: () => void): void {
    this.#due.add(task);
    if (this.#armed) return;
    this.#armed = true;
    this.#core.clock.setTimer(0, () => {
      this.#armed = false;
      const tasks = [...this.#due];
      this.#due.clear();
      for (const each of tasks) each();
    });
  }

  #collectDependents(owner: KubeObject): void {
    for (const dependent of [...(this.#dependents.get(owner.metadata.uid)?.values() ?? [])]) this.#collect(dependent, owner.metadata.uid);
    this.#dependents.get(owner.metadata.uid)?.clear();
    if (owner.kind === 'CustomResourceDefinition') {
      for (const object of this.#core.store.list(owner.metadata.name)) this.#core.store.remove(owner.metadata.name, object);
    }
  }

  /** Deletes a dependent if all of its owners are gone. */
  #collect({ storage, key }: Dependent, going?: string): void {
    const object = this.#core.store.get(storage, key);
    const type = this.#typeOf(storage);
    if (object === undefined || type === undefined || object.metadata.deletionTimestamp !== undefined) return;
    const left = (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== going && !this.#core.store.wasDeleted(uid));
    if (left.length === 0) deleteObject(this.#core, type, object, {});
  }

  #orphanDependents(owner: KubeObject): void {
    for (const { storage, key } of [...(this.#dependents.get(owner.metadata.uid)?.values() ?? [])]) {
      const object = this.#core.store.get(storage, key);
      if (object === undefined) continue;
      const ownerReferences = (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
      this.#core.store.put(storage, { ...object, metadata: { ...object.metadata, ownerReferences } });
    }
  }

  #dropFinalizer(storage: string, { metadata }: KubeObject, finalizer: string): void {
    const key = metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
    const object = this.#core.store.get(storage, key);
    if (object?.metadata.uid !== metadata.uid) return;
    const finalizers = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
    const next = { ...object, metadata: { ...object.metadata, finalizers } };
    if (finalizers.length === 0 && (object.metadata.deletionGracePeriodSeconds ?? 0) === 0) this.#core.store.remove(storage, next);
    else this.#core.store.put(storage, next);
  }

  #contentOf(namespace: string): { storage: string; object: KubeObject }[] {
    return this.#core.store
      .storages()
      .flatMap((storage) => this.#core.store.list(storage).map((object) => ({ storage, object })))
      .filter(({ object }) => object.metadata.namespace === namespace);
  }

  #emptyNamespace(name: string): void {
    for (const { storage, object } of this.#contentOf(name)) {
      const type = this.#typeOf(storage);
      if (type !== undefined && object.metadata.deletionTimestamp === undefined) deleteObject(this.#core, type, object, {});
    }
    this.#finishNamespace(name);
  }

  #finishNamespace(name: string): void {
    const namespace = this.#core.store.get('namespaces', name);
    if (namespace?.metadata.deletionTimestamp === undefined || valueAt(namespace, 'status.phase') !== 'Terminating') return;
    if (this.#contentOf(name).length === 0) this.#core.store.remove('namespaces', namespace);
  }

  #typeOf(storage: string): ResourceType | undefined {
    return BUILTIN_RESOURCES.find((type) => type.storage === storage) ?? this.#core.registry.custom(storage)?.storedType;
  }
}
