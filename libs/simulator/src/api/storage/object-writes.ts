import { withDefaults } from './builtin-defaults.ts';
import type { Core } from './core.ts';
import { timestamp } from './core.ts';
import { newMetadata, present, sentMetadata, specChanged, updatedMetadata } from './object-metadata.ts';
import { apiVersionOf } from './resources.ts';
import type { ResourceType } from './resources.ts';
import { alreadyExists, badRequest, forbidden, invalid, notFound } from '../http/status.ts';
import { keyOf } from './store.ts';
import { asText, equalJson, isRecord, omit, valueAt } from '../types.ts';
import type { Json, KubeObject } from '../types.ts';

/** Parameters of a write. */
export interface WriteOptions {
  /** `status` changes only status, empty changes all but status, `*` writes both. */
  readonly subresource: '' | 'status' | '*';
  readonly byPatch: boolean;
  readonly dryRun: boolean;
}

const NAMESPACES = { group: '', resource: 'namespaces' };

const asStored = (type: ResourceType, body: Json): Json => ({
  ...body,
  apiVersion: apiVersionOf({ ...type, version: type.storageVersion }),
  kind: type.kind,
});

function checkNamespace(core: Core, type: ResourceType, name: string, namespace: string | undefined): void {
  if (!type.namespaced) return;
  if (namespace === undefined || namespace === '') throw badRequest('an empty namespace may not be set during creation');
  const found = core.store.get('namespaces', namespace);
  if (found === undefined) throw notFound(NAMESPACES, namespace);
  if (found.metadata.deletionTimestamp === undefined) return;
  const message = `namespace ${namespace} is being terminated`;
  throw forbidden(type, name, `unable to create new content in namespace ${namespace} because it is being terminated`, [
    { reason: 'NamespaceTerminating', message, field: 'metadata.namespace' },
  ]);
}

/**
 * Stores a new object of the storage version.
 * @throws StatusError 409 AlreadyExists, 404 and 403 about its namespace, 422
 */
export function createObject(core: Core, type: ResourceType, body: Json, namespace: string | undefined, options: WriteOptions): KubeObject {
  const sent = sentMetadata(body);
  if (sent.namespace !== undefined && type.namespaced && namespace !== undefined && sent.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (sent.resourceVersion !== undefined && sent.resourceVersion !== '') {
    throw badRequest('resourceVersion should not be set on objects to be created');
  }
  const metadata = newMetadata(core, type, sent, namespace);
  checkNamespace(core, type, metadata.name, namespace);
  if (core.store.get(type.storage, keyOf(metadata.namespace, metadata.name)) !== undefined) throw alreadyExists(type, metadata.name);
  const { status, ...rest } = body;
  const keepsStatus = !type.hasStatus || type.keepsStatusOnCreate || options.subresource === '*';
  const complete = withDefaults(core, type, asStored(type, keepsStatus && status !== undefined ? { ...rest, status } : rest));
  const object: KubeObject = {
    ...complete,
    apiVersion: String(complete['apiVersion']),
    kind: type.kind,
    metadata: { ...metadata, ...createdFields(core, type, body) },
  };
  return options.dryRun ? object : core.store.put(type.storage, object);
}

/** For a pod: the fields that its creator set. A `nodeName` that a scheduler sets later is not recorded. No other kind needs it here. */
function createdFields(core: Core, type: ResourceType, { spec }: Json): object {
  if (type.storage !== 'pods' || !isRecord(spec)) return {};
  const fieldsV1 = { 'f:spec': Object.fromEntries(Object.keys(spec).map((field) => [`f:${field}`, {}])) };
  const entry = {
    manager: 'unknown',
    operation: 'Update',
    apiVersion: 'v1',
    time: timestamp(core.clock),
    fieldsType: 'FieldsV1',
    fieldsV1,
  };
  return { managedFields: [entry] };
}

function requireVersion(type: ResourceType, name: string, body: Json, options: WriteOptions): void {
  if (type.unconditionalUpdate || options.byPatch || options.subresource === '*') return;
  const version = sentMetadata(body).resourceVersion;
  if (version !== undefined && version !== '') return;
  const message = 'Invalid value: 0: must be specified for an update';
  // This is the only error that names the resource where the others name the kind.
  throw invalid({ ...type, kind: type.resource }, name, [{ reason: 'FieldValueInvalid', message, field: 'metadata.resourceVersion' }]);
}

/** The body, with the parts that this subresource may not change taken from the old object. */
function mergeSubresource(type: ResourceType, old: KubeObject, body: Json, options: WriteOptions): Json {
  if (options.subresource === '*' || !type.hasStatus) return body;
  if (options.subresource === 'status') {
    // The status of a custom resource comes alone; that of a built-in one may bring labels and annotations.
    const metadata = type.custom
      ? { ...old.metadata, resourceVersion: sentMetadata(body).resourceVersion, uid: sentMetadata(body).uid }
      : body['metadata'];
    return { ...omit(old, 'status'), metadata, ...(body['status'] !== undefined && { status: body['status'] }) };
  }
  const rest = omit(body, 'status');
  return old['status'] === undefined ? rest : { ...rest, status: old['status'] };
}

const canFinish = (object: KubeObject): boolean =>
  object.metadata.deletionTimestamp !== undefined &&
  (object.metadata.finalizers ?? []).length === 0 &&
  (object.metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
  !(object.kind === 'Namespace' && ((valueAt(object, 'spec.finalizers') as unknown[] | undefined) ?? []).length > 0);

/**
 * Stores a new state of an object unless nothing changes. Removes a deleted object with its last finalizer.
 * @throws StatusError 409 Conflict if `metadata.resourceVersion` or `metadata.uid` does not match; 422
 */
export function replaceObject(core: Core, type: ResourceType, old: KubeObject, body: Json, options: WriteOptions): KubeObject {
  const name = old.metadata.name;
  requireVersion(type, name, body, options);
  const merged = mergeSubresource(type, old, body, options);
  const metadata = updatedMetadata(type, old.metadata, sentMetadata(merged), options.byPatch);
  const complete = withDefaults(core, type, asStored(type, merged));
  const changed = type.hasGeneration && specChanged(type, old, complete, equalJson);
  const next: KubeObject = {
    ...complete,
    apiVersion: String(complete['apiVersion']),
    kind: type.kind,
    metadata: changed ? { ...metadata, generation: (old.metadata.generation ?? 0) + 1 } : metadata,
  };
  if (canFinish(next)) return options.dryRun ? next : core.store.remove(type.storage, next);
  if (equalJson(old, next)) return old;
  return options.dryRun ? next : core.store.put(type.storage, next);
}

/** Parameters of a deletion: meta/v1 DeleteOptions. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly propagationPolicy?: string;
  readonly dryRun?: boolean;
}

/** @throws StatusError 400 */
export function parseDeleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  const sent = isRecord(body) ? body : {};
  const grace = query.get('gracePeriodSeconds') ?? sent['gracePeriodSeconds'];
  const preconditions = isRecord(sent['preconditions']) ? (sent['preconditions'] as { uid?: string; resourceVersion?: string }) : undefined;
  const policy = query.get('propagationPolicy') ?? sent['propagationPolicy'];
  if (grace !== undefined && !Number.isInteger(Number(grace)))
    throw badRequest(`strconv.ParseInt: parsing "${asText(grace)}": invalid syntax`);
  return present({
    gracePeriodSeconds: grace === undefined ? undefined : Number(grace),
    preconditions,
    propagationPolicy: typeof policy === 'string' ? policy : undefined,
    dryRun: query.has('dryRun') || Array.isArray(sent['dryRun']) ? true : undefined,
  });
}
