/** A JSON object of unknown shape. */
export type Json = Record<string, unknown>;

/** An owner as `metadata.ownerReferences` names it. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** The metadata that the API keeps for each object. */
export interface ObjectMeta {
  readonly name: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
}

/** A stored object. It is deeply frozen: copy it (`structuredClone`) to change it. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** An object as a caller passes it. */
export interface ObjectInput {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: object;
}

/** A kind of object: API group (empty for core) and plural name. `objectType` is never set; it carries the type of the objects. */
export interface ResourceRef<T = KubeObject> {
  readonly group: string;
  readonly resource: string;
  readonly objectType?: T;
}

/** One object of a resource; `namespace` is absent for cluster-scoped ones. */
export interface ObjectRef<T = KubeObject> extends ResourceRef<T> {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** A change as an in-process watcher sees it. */
export interface WatchEvent<T = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

/** The user who sends a request. */
export interface Identity {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** The attributes of a request, in the terms of RBAC and audit logs. */
export interface RequestInfo {
  /** get, list, watch, create, update, patch, delete or deletecollection; for other paths the lower-case HTTP method. */
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  /** Plural name; empty for paths that name no resource. */
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Path without query. */
  readonly path: string;
}

export const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value at a dotted path, such as `spec.nodeName`. A frequent caller should split the path once. */
export function valueAt(object: unknown, path: string | readonly string[]): unknown {
  let value: unknown = object;
  for (const part of typeof path === 'string' ? path.split('.') : path) value = isRecord(value) ? value[part] : undefined;
  return value;
}

/** A value as text; anything but a string as JSON. */
export const asText = (value: unknown): string => (typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value));

/** A copy without some fields. */
export const omit = (object: object, ...fields: readonly string[]): Json =>
  Object.fromEntries(Object.entries(object).filter(([field]) => !fields.includes(field)));

/** Structural equality of JSON values; absent and `undefined` are equal. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, at) => equalJson(item, b[at]));
  if (!isRecord(a) || !isRecord(b)) return false;
  for (const key of Object.keys(a)) if (!equalJson(a[key], b[key])) return false;
  for (const key of Object.keys(b)) if (b[key] !== undefined && a[key] === undefined) return false;
  return true;
}

/** Freezes a value that no one else can change yet; parts that are already frozen are skipped. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}
