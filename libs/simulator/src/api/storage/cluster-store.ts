import { admit } from '../admission/admission.ts';
import type { Core } from './core.ts';
import { deleteObject } from './object-deletion.ts';
import { sentMetadata } from './object-metadata.ts';
import { createObject, replaceObject } from './object-writes.ts';
import type { DeleteOptions, WriteOptions } from './object-writes.ts';
import { applyMergePatch } from './patch.ts';
import { apiVersionOf } from './resources.ts';
import type { ResourceType } from './resources.ts';
import { labelMatcher, matchesLabelSelector } from './selectors.ts';
import { badRequest, notFound, unknownPath } from '../http/status.ts';
import { keyOf } from './store.ts';
import { isRecord } from '../types.ts';
import type { Json, KubeObject, ObjectInput, ObjectRef, ResourceRef, WatchEvent } from '../types.ts';

const EVERYTHING: WriteOptions = { subresource: '*', byPatch: true, dryRun: false };

/** Which objects of a resource to list. A selector is text such as `app=web`, or a `LabelSelector` object. */
export interface ListFilter {
  readonly namespace?: string;
  readonly labelSelector?: string | object;
}

/**
 * Synchronous access to the simulated API for the cluster's own components: no RBAC, no faults, not counted.
 * Objects are returned deeply frozen. Custom resources are passed and returned in their storage version.
 * Every method throws the StatusError that the API would answer with.
 */
export class ClusterStore {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Stores a new object together with its status. Its namespace must exist. */
  create<T extends ObjectInput>(object: T): T & KubeObject {
    const { type, body } = this.#input(object);
    const meta = sentMetadata(body);
    const admitted = admit(this.#core, type, body, meta.name ?? '').object;
    return createObject(this.#core, type, admitted, meta.namespace, EVERYTHING) as T & KubeObject;
  }

  get<T = KubeObject>(ref: ObjectRef<T>): T | undefined {
    const type = this.#type(ref);
    return this.#core.store.get(type.storage, keyOf(type.namespaced ? ref.namespace : undefined, ref.name)) as T | undefined;
  }

  /** Sorted by namespace and name. */
  list<T = KubeObject>(ref: ResourceRef<T>, filter: ListFilter = {}): T[] {
    const { labelSelector: selector, namespace } = filter;
    const matches =
      typeof selector === 'string'
        ? labelMatcher(selector)
        : (object: KubeObject): boolean => selector === undefined || matchesLabelSelector(selector, object.metadata.labels);
    const objects = this.#core.store.list(this.#type(ref).storage);
    return objects.filter((object) => (namespace === undefined || object.metadata.namespace === namespace) && matches(object)) as T[];
  }

  /** Replaces an object, status included. `metadata.resourceVersion` is checked if present. */
  update<T extends ObjectInput>(object: T): T & KubeObject {
    const { type, body } = this.#input(object);
    const { name = '', namespace } = sentMetadata(body);
    const old = this.#existing(type, namespace, name);
    return replaceObject(this.#core, type, old, admit(this.#core, type, body, name).object, EVERYTHING) as T & KubeObject;
  }

  /**
   * Applies a JSON merge patch.
   * @param options `subresource: 'status'` changes only status; without it the patch may change anything
   */
  patch<T = KubeObject>(ref: ObjectRef<T>, mergePatch: object, options: { readonly subresource?: string } = {}): T {
    const type = this.#type(ref);
    const old = this.#existing(type, ref.namespace, ref.name);
    const patched = admit(this.#core, type, applyMergePatch(old, structuredClone(mergePatch)) as Json, ref.name).object;
    const subresource = options.subresource === 'status' ? 'status' : '*';
    return replaceObject(this.#core, type, old, patched, { ...EVERYTHING, subresource }) as T;
  }

  /** Deletes an object. A pod that runs on a node terminates first, unless `gracePeriodSeconds` is 0. */
  delete<T = KubeObject>(ref: ObjectRef<T>, options: DeleteOptions = {}): void {
    const type = this.#type(ref);
    deleteObject(this.#core, type, this.#existing(type, ref.namespace, ref.name), options);
  }

  /**
   * Calls `listener` for every change from now on, synchronously and in order. Changes that a listener makes follow the present one.
   * @returns ends the watch
   */
  watch<T = KubeObject>(ref: ResourceRef<T>, listener: (event: WatchEvent<T>) => void): () => void {
    return this.#core.store.history.subscribe(this.#type(ref).storage, ({ type, object }) => {
      listener({ type, object: object as T });
    });
  }

  #type(ref: ResourceRef<unknown>): ResourceType {
    const type = this.#core.registry.stored(ref.group, ref.resource);
    if (type === undefined) throw unknownPath();
    return type;
  }

  #existing(type: ResourceType, namespace: string | undefined, name: string): KubeObject {
    const object = this.#core.store.get(type.storage, keyOf(type.namespaced ? namespace : undefined, name));
    if (object === undefined) throw notFound(type, name);
    return object;
  }

  #input(object: ObjectInput): { type: ResourceType; body: Json } {
    const { apiVersion = '', kind = '', metadata } = object;
    const type = this.#core.registry.findKind(apiVersion, kind);
    if (type === undefined) throw badRequest(`no matches for kind "${kind}" in version "${apiVersion}"`);
    if (type.version !== type.storageVersion)
      throw badRequest(`${kind} is stored as ${apiVersionOf({ ...type, version: type.storageVersion })}`);
    const body = structuredClone(object) as Json;
    return { type, body: { ...body, metadata: isRecord(metadata) ? body['metadata'] : {} } };
  }
}
