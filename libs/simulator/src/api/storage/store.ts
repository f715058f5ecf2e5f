import { deepFreeze } from '../types.ts';
import type { KubeObject } from '../types.ts';
import { WatchHistory } from './watch-history.ts';

/** Key of an object within its resource. */
export const keyOf = (namespace: string | undefined, name: string): string =>
  namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;

/** The database: objects by resource and key, with one revision counter for all. It enforces no rules. */
export class ObjectStore {
  readonly history: WatchHistory;
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  // Sorting is the expensive part; most changes do not change the keys.
  readonly #sortedKeys = new Map<string, readonly string[]>();
  readonly #deletedUids = new Set<string>();
  #revision = 1;

  constructor(historyLength: number) {
    this.history = new WatchHistory(historyLength);
  }

  /** Revision of the latest change. */
  get revision(): number {
    return this.#revision;
  }

  /** Storage names with objects, now or earlier. */
  storages(): readonly string[] {
    return [...this.#objects.keys()];
  }

  get(storage: string, key: string): KubeObject | undefined {
    return this.#objects.get(storage)?.get(key);
  }

  /** All objects of a resource, sorted by key. */
  list(storage: string): readonly KubeObject[] {
    const objects = this.#objects.get(storage);
    if (objects === undefined) return [];
    const keys = this.#sortedKeys.get(storage) ?? [...objects.keys()].sort((a, b) => (a < b ? -1 : 1));
    this.#sortedKeys.set(storage, keys);
    return keys.map((key) => objects.get(key)).filter((object) => object !== undefined);
  }

  /**
   * All objects as they were at `revision`.
   * @returns undefined if the revision is forgotten
   */
  listAt(storage: string, revision: number): readonly KubeObject[] | undefined {
    if (revision >= this.#revision) return this.list(storage);
    const changes = this.history.since(storage, revision);
    if (changes === undefined) return undefined;
    const objects = new Map(this.#objects.get(storage));
    for (const { key, previous } of changes.toReversed()) {
      if (previous === undefined) objects.delete(key);
      else objects.set(key, previous);
    }
    return [...objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  /** Stores a new state of an object under a new revision. */
  put(storage: string, object: KubeObject): KubeObject {
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    const revision = ++this.#revision;
    const stored = deepFreeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } });
    const objects = this.#objects.get(storage) ?? new Map<string, KubeObject>();
    this.#objects.set(storage, objects);
    const previous = objects.get(key);
    objects.set(key, stored);
    if (previous === undefined) this.#sortedKeys.delete(storage);
    this.history.append({ revision, type: previous === undefined ? 'ADDED' : 'MODIFIED', storage, key, object: stored, previous });
    return stored;
  }

  /** Removes an object immediately; watchers get `last`. */
  remove(storage: string, last: KubeObject): KubeObject {
    const key = keyOf(last.metadata.namespace, last.metadata.name);
    const revision = ++this.#revision;
    const previous = this.#objects.get(storage)?.get(key);
    const object = deepFreeze({ ...last, metadata: { ...last.metadata, resourceVersion: String(revision) } });
    this.#objects.get(storage)?.delete(key);
    this.#sortedKeys.delete(storage);
    this.#deletedUids.add(last.metadata.uid);
    this.history.append({ revision, type: 'DELETED', storage, key, object, previous });
    return object;
  }

  /** Whether an object with this uid existed and is gone. */
  wasDeleted(uid: string): boolean {
    return this.#deletedUids.has(uid);
  }

  /** Forgets the history, as etcd's compaction does. */
  compact(): void {
    this.history.compact(this.#revision);
  }
}
