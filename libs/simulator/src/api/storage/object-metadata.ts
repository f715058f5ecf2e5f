import type { Core } from './core.ts';
import { nameSuffix, timestamp, uuid } from './core.ts';
import type { ResourceType } from './resources.ts';
import { badRequest, conflict, invalid, staleVersion } from '../http/status.ts';
import type { StatusCause } from '../http/status.ts';
import { isRecord } from '../types.ts';
import type { Json, KubeObject, ObjectMeta } from '../types.ts';

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

/** Metadata of an object that a caller sent; {@link newMetadata} rejects wrong types. */
export const sentMetadata = (object: { readonly metadata?: unknown }): Partial<ObjectMeta> =>
  isRecord(object.metadata) ? object.metadata : {};

/** Drops undefined properties: `exactOptionalPropertyTypes` and JSON both distinguish them from absent ones. */
export const present = (object: object): object =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== null));

function metadataProblems(type: ResourceType, meta: Partial<ObjectMeta>): StatusCause[] {
  const causes: StatusCause[] = [];
  // RBAC names are path segments, such as `system:node`.
  const strict = type.group !== 'rbac.authorization.k8s.io';
  if (strict && meta.name !== undefined && (meta.name.length > 253 || !SUBDOMAIN.test(meta.name))) {
    causes.push({
      reason: 'FieldValueInvalid',
      message: `Invalid value: "${meta.name}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
      field: 'metadata.name',
    });
  }
  for (const value of Object.values(meta.labels ?? {})) {
    if (typeof value === 'string' && value.length <= 63 && LABEL_VALUE.test(value)) continue;
    causes.push({
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(value)}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
      field: 'metadata.labels',
    });
  }
  for (const [key, value] of Object.entries(meta.annotations ?? {})) {
    if (typeof value === 'string') continue;
    throw badRequest(
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: json: cannot unmarshal ${typeof value} into Go struct field ObjectMeta.metadata.annotations of type string (${key})`,
    );
  }
  return causes;
}

/** Metadata of a new object: what the caller sent, and what the server adds. */
export function newMetadata(core: Core, type: ResourceType, sent: Partial<ObjectMeta>, namespace: string | undefined): ObjectMeta {
  const prefix = sent.generateName ?? '';
  const name = sent.name !== undefined && sent.name !== '' ? sent.name : prefix === '' ? '' : `${prefix}${nameSuffix(core.random)}`;
  if (name === '') {
    throw invalid(type, '', [
      { reason: 'FieldValueRequired', message: 'Required value: name or generateName is required', field: 'metadata.name' },
    ]);
  }
  const problems = metadataProblems(type, { ...sent, name });
  if (problems.length > 0) throw invalid(type, name, problems);
  return present({
    name,
    generateName: sent.generateName,
    namespace: type.namespaced ? namespace : undefined,
    uid: uuid(core.random),
    resourceVersion: '',
    generation: type.hasGeneration ? 1 : undefined,
    creationTimestamp: timestamp(core.clock),
    labels: sent.labels,
    annotations: sent.annotations,
    finalizers: sent.finalizers?.length === 0 ? undefined : sent.finalizers,
    ownerReferences: sent.ownerReferences?.length === 0 ? undefined : sent.ownerReferences,
  }) as ObjectMeta;
}

/**
 * Metadata after an update: mutable fields come from `sent`, the rest from `old`.
 * @param byPatch a patch that changes the uid is invalid; a PUT with another uid is a conflict
 */
export function updatedMetadata(type: ResourceType, old: ObjectMeta, sent: Partial<ObjectMeta>, byPatch: boolean): ObjectMeta {
  if (sent.uid !== undefined && sent.uid !== '' && sent.uid !== old.uid) {
    if (!byPatch) throw conflict(type, old.name, `Precondition failed: UID in precondition: ${sent.uid}, UID in object meta: ${old.uid}`);
    const message = `Invalid value: "${sent.uid}": field is immutable`;
    throw invalid(type, old.name, [{ reason: 'FieldValueInvalid', message, field: 'metadata.uid' }]);
  }
  if (sent.resourceVersion !== undefined && sent.resourceVersion !== '' && sent.resourceVersion !== old.resourceVersion) {
    throw staleVersion(type, old.name);
  }
  const problems = metadataProblems(type, { ...sent, name: old.name });
  const added = (sent.finalizers ?? []).filter((finalizer) => !(old.finalizers ?? []).includes(finalizer));
  if (old.deletionTimestamp !== undefined && added.length > 0) {
    problems.push({
      reason: 'FieldValueForbidden',
      message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((name) => `"${name}"`).join(', ')}}`,
      field: 'metadata.finalizers',
    });
  }
  if (problems.length > 0) throw invalid(type, old.name, problems);
  return present({
    ...old,
    labels: sent.labels,
    annotations: sent.annotations,
    finalizers: sent.finalizers?.length === 0 ? undefined : sent.finalizers,
    ownerReferences: sent.ownerReferences?.length === 0 ? undefined : sent.ownerReferences,
  }) as ObjectMeta;
}

/** Whether anything but metadata and status differs. */
export function specChanged(type: ResourceType, before: KubeObject, after: Json, equal: (a: unknown, b: unknown) => boolean): boolean {
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const field of ['metadata', 'apiVersion', 'kind', ...(type.hasStatus ? ['status'] : [])]) fields.delete(field);
  return [...fields].some((field) => !equal(before[field], after[field]));
}
