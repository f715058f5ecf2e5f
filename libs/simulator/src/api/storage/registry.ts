import { BUILTIN_RESOURCES, REVIEW_RESOURCES, apiVersionOf, storageName } from './resources.ts';
import type { ResourceType } from './resources.ts';
import { parseDefinition } from '../crd/crd-definition.ts';
import type { CustomResource, CustomVersion } from '../crd/crd-definition.ts';
import type { KubeObject } from '../types.ts';

/** The registry of resources: the built-in ones, and those that CustomResourceDefinitions add. */
export class Registry {
  readonly #custom = new Map<string, CustomResource>();
  readonly #byPath = new Map<string, ResourceType>();
  readonly #byKind = new Map<string, ResourceType>();
  #types: readonly ResourceType[] = [];

  constructor() {
    this.#index();
  }

  /** Resources that store objects, in every served version. */
  get types(): readonly ResourceType[] {
    return this.#types;
  }

  /** Adds or updates a CustomResourceDefinition. */
  define(definition: KubeObject): void {
    this.#custom.set(definition.metadata.name, parseDefinition(definition));
    this.#index();
  }

  /** Removes a CustomResourceDefinition. */
  undefine(name: string): void {
    this.#custom.delete(name);
    this.#index();
  }

  find(group: string, version: string, resource: string): ResourceType | undefined {
    return this.#byPath.get(`${group}/${version}/${resource}`);
  }

  findKind(apiVersion: string, kind: string): ResourceType | undefined {
    return this.#byKind.get(`${apiVersion}/${kind}`);
  }

  /** The resource in the version in which it is stored. */
  stored(group: string, resource: string): ResourceType | undefined {
    const custom = this.#custom.get(storageName(group, resource));
    if (custom !== undefined) return custom.storedType;
    return this.#types.find((type) => type.group === group && type.resource === resource && type.version === type.storageVersion);
  }

  /** The definition of the custom resource with this storage name. */
  custom(storage: string): CustomResource | undefined {
    return this.#custom.get(storage);
  }

  customVersion(type: ResourceType): CustomVersion | undefined {
    return type.custom ? this.#custom.get(type.storage)?.versions.get(type.version) : undefined;
  }

  #index(): void {
    this.#types = [...BUILTIN_RESOURCES, ...[...this.#custom.values()].flatMap(({ types }) => types)];
    this.#byPath.clear();
    this.#byKind.clear();
    for (const type of [...this.#types, ...REVIEW_RESOURCES]) {
      this.#byPath.set(`${type.group}/${type.version}/${type.resource}`, type);
      this.#byKind.set(`${apiVersionOf(type)}/${type.kind}`, type);
    }
  }
}
