import { GROUP, STORAGE_VERSION } from '@brupop/crd-models';
import { createReflector, KubeApiError, objectKey } from '@brupop/kube-runtime';
import type { KubeClient, Reflector } from '@brupop/kube-runtime';
import type { KubeObject } from '@brupop/kube-objects';
import { describeError, memoryLogger, sleep, systemClock, systemRandom } from '@brupop/ports';
import type { StoreAccess } from '@brupop/simulator';
import { Turns } from './turns.ts';

/** A resource of the API. */
export interface Resource {
  readonly group: string;
  readonly resource: string;
}

interface ObjectRef extends Resource {
  readonly namespace?: string;
  readonly name: string;
}

type Listener = (event: { readonly type: string; readonly object: unknown }) => void;

interface Mirror {
  readonly reflector: Reflector<KubeObject>;
  readonly listeners: Set<Listener>;
}

/** Resources that are created here, by kind. */
const KINDS: Readonly<Record<string, Resource | undefined>> = {
  Node: { group: '', resource: 'nodes' },
  Lease: { group: 'coordination.k8s.io', resource: 'leases' },
};
const WRITES_AT_ONCE = 16;
const TRIES = 5;
const RETRY_MS = 200;

/**
 * A real Kubernetes API with the interface of the simulated world: reads are synchronous, from mirrors that watches keep current. Writes
 * are sent in order, object by object, without a wait. An object that is already gone, or already exists, is not an error.
 */
export class RemoteStore implements StoreAccess {
  /** Failed writes, with the reasons. */
  readonly failures: string[] = [];
  readonly #client: KubeClient;
  readonly #signal: AbortSignal;
  readonly #mirrors = new Map<string, Mirror>();
  readonly #turns = new Turns(WRITES_AT_ONCE);

  /** @param signal stops everything */
  constructor(client: KubeClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** Mirrors resources from now on; resolves when all existing objects are known. */
  async mirror(...resources: readonly Resource[]): Promise<void> {
    for (const resource of resources) this.#mirrors.set(pathOf(resource), this.#open(pathOf(resource)));
    await Promise.all(resources.map((resource) => this.#mirror(resource).reflector.waitForSync(this.#signal)));
  }

  get(ref: ObjectRef): unknown {
    return this.#mirror(ref).reflector.store.get(objectKey(ref));
  }

  list(ref: Resource): readonly unknown[] {
    return this.#mirror(ref).reflector.store.list();
  }

  watch(ref: Resource, listener: Listener): () => void {
    const { listeners } = this.#mirror(ref);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  create(object: object): void {
    const { kind, metadata } = object as {
      readonly kind: string;
      readonly metadata: { readonly name: string; readonly namespace?: string };
    };
    const resource = KINDS[kind];
    if (resource === undefined) throw new Error(`a ${kind} is not made here`);
    this.#write('POST', pathOf({ ...resource, ...metadata }), pathOf({ ...resource, ...metadata }, true), object);
  }

  patch(ref: ObjectRef, mergePatch: object, { subresource }: { readonly subresource?: string } = {}): void {
    const path = pathOf(ref, true);
    this.#write('PATCH', subresource === undefined ? path : `${path}/${subresource}`, path, mergePatch);
  }

  delete(ref: ObjectRef, options: { readonly gracePeriodSeconds?: number } = {}): void {
    const path = pathOf(ref, true);
    this.#write('DELETE', path, path, options);
  }

  #mirror(ref: Resource): Mirror {
    const { group, resource } = ref;
    const found = this.#mirrors.get(pathOf({ group, resource }));
    if (found === undefined) throw new Error(`${resource} are not mirrored`);
    return found;
  }

  #open(path: string): Mirror {
    const listeners: Mirror['listeners'] = new Set();
    const notify = (type: string, object: unknown): void => {
      for (const listener of [...listeners]) listener({ type, object });
    };
    const reflector = createReflector<KubeObject>({
      client: this.#client,
      path,
      transform: (object: KubeObject) => object,
      clock: systemClock,
      random: systemRandom,
      log: memoryLogger(),
      onEvent: ({ type, object }) => {
        if (type !== 'synced') notify(type.toUpperCase(), object);
      },
    });
    void reflector.run(this.#signal);
    return { reflector, listeners };
  }

  #write(method: 'POST' | 'PATCH' | 'DELETE', path: string, object: string, body: object): void {
    this.#turns
      .take(object, () => this.#send(method, path, body))
      .catch((error: unknown) => {
        if (!this.#signal.aborted) this.failures.push(`${method} ${path}: ${describeError(error)}`);
      });
  }

  async #send(method: 'POST' | 'PATCH' | 'DELETE', path: string, body: object): Promise<void> {
    for (let left = TRIES; ; left--) {
      try {
        await this.#client.request(method, path, { body, signal: this.#signal });
        return;
      } catch (error) {
        const status = error instanceof KubeApiError ? error.status : 0;
        if (status === 404 || (status === 409 && method === 'POST')) return;
        if (left <= 1 || status === 422) throw error;
        await sleep(systemClock, RETRY_MS, this.#signal);
      }
    }
  }
}

/** Of a collection, or with `named` of the object. */
function pathOf({ group, resource, namespace, name }: Resource & Partial<ObjectRef>, named = false): string {
  const version = group === GROUP ? STORAGE_VERSION : 'v1';
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const within = namespace === undefined ? base : `${base}/namespaces/${namespace}`;
  return `${within}/${resource}${named ? `/${name ?? ''}` : ''}`;
}
