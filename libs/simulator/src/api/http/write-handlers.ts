import type { HttpResponse } from '@brupop/ports';
import { jsonResponse } from '@brupop/ports';
import { admit } from '../admission/admission.ts';
import { admitChange, mutated, stillOpen, validated } from '../admission/admit-request.ts';
import type { FieldValidation } from '../admission/admission.ts';
import type { Context } from './http-io.ts';
import { mediaType, parseJson, readObject } from './http-io.ts';
import { deleteObject } from '../storage/object-deletion.ts';
import { sentMetadata } from '../storage/object-metadata.ts';
import { createObject, parseDeleteOptions, replaceObject } from '../storage/object-writes.ts';
import type { WriteOptions } from '../storage/object-writes.ts';
import { respondWith } from '../kubectl/output.ts';
import { applyJsonPatch, applyMergePatch } from '../storage/patch.ts';
import { selectedObjects } from './read-handlers.ts';
import { badRequest, notFound, staleVersion, success, unsupportedMediaType } from './status.ts';
import { keyOf } from '../storage/store.ts';
import { applyStrategicMerge } from '../storage/strategic-merge.ts';
import { isRecord } from '../types.ts';
import type { Json, KubeObject } from '../types.ts';

const MOST_ATTEMPTS = 5;

const currentKey = ({ type, info }: Context): string => keyOf(type.namespaced ? info.namespace : undefined, info.name);

/** The stored object that the path names. @throws StatusError 404 */
export function namedObject(context: Context): KubeObject {
  const object = context.core.store.get(context.type.storage, currentKey(context));
  if (object === undefined) throw notFound(context.type, context.info.name);
  return object;
}

const writeOptions = ({ query, info }: Context, byPatch: boolean): WriteOptions => ({
  subresource: info.subresource === 'status' ? 'status' : '',
  byPatch,
  dryRun: query.has('dryRun'),
});

function admitted(context: Context, body: Json, name: string): Json {
  const fieldValidation = (context.query.get('fieldValidation') ?? 'Warn') as FieldValidation;
  const { object, dropped } = admit(context.core, context.type, body, name, fieldValidation);
  if (fieldValidation === 'Warn') context.warnings.push(...dropped.map((path) => `unknown field "${path}"`));
  return object;
}

async function createFrom(context: Context, body: Json): Promise<KubeObject> {
  const { core, conversions, type, info } = context;
  const asked = await mutated(context, { operation: 'CREATE', object: body });
  const meta = sentMetadata(asked);
  const checked = admitted(context, asked, meta.name ?? meta.generateName ?? '');
  await validated(context, { operation: 'CREATE', object: checked });
  const [stored = checked] = await conversions.toStored(type, [checked]);
  stillOpen(context);
  return createObject(core, type, stored, type.namespaced ? info.namespace : undefined, writeOptions(context, false));
}

/** POST of a new object. */
export async function handleCreate(context: Context): Promise<HttpResponse> {
  return respondWith(context, 201, await createFrom(context, readObject(context)));
}

/** Reads, modifies and writes back; starts again after a conflict with another client. */
async function modify(context: Context, change: (current: Json) => Json, byPatch: boolean): Promise<KubeObject> {
  const { core, conversions, type } = context;
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const old = namedObject(context);
    const shown = await conversions.toOne(type, old);
    const asked = await mutated(context, { operation: 'UPDATE', object: change(shown), oldObject: shown });
    const changed = admitted(context, asked, old.metadata.name);
    await validated(context, { operation: 'UPDATE', object: changed, oldObject: shown });
    const [stored = changed] = await conversions.toStored(type, [changed]);
    const [before = old] = await conversions.toStored(type, [old]);
    stillOpen(context);
    if (core.store.get(type.storage, currentKey(context)) !== old) continue;
    return replaceObject(core, type, before, stored, writeOptions(context, byPatch));
  }
  throw staleVersion(type, context.info.name);
}

/** PUT of an object or of its status. */
export async function handleUpdate(context: Context): Promise<HttpResponse> {
  const { core, type, info } = context;
  const body = readObject(context);
  const { name } = sentMetadata(body);
  if (name !== undefined && name !== info.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${info.name})`);
  }
  if (type.createOnUpdate && core.store.get(type.storage, currentKey(context)) === undefined) {
    return respondWith(context, 201, await createFrom(context, { ...body, metadata: { ...sentMetadata(body), name: info.name } }));
  }
  return respondWith(context, 200, await modify(context, () => body, false));
}

function patchFunction(context: Context): (current: Json) => unknown {
  const { type, request } = context;
  const patch = parseJson(request);
  switch (mediaType(request)) {
    case 'application/json-patch+json':
      return (current) => applyJsonPatch(current, patch);
    case 'application/merge-patch+json':
      return (current) => applyMergePatch(current, patch);
    case 'application/apply-patch+yaml':
      return (current) => applyStrategicMerge(current, patch);
    case 'application/strategic-merge-patch+json':
      if (!type.custom) return (current) => applyStrategicMerge(current, patch);
  }
  throw unsupportedMediaType([
    'application/json-patch+json',
    'application/merge-patch+json',
    ...(type.custom ? [] : ['application/strategic-merge-patch+json']),
    'application/apply-patch+yaml',
  ]);
}

/** PATCH in each of the four forms; server-side apply is a create or a merge. */
export async function handlePatch(context: Context): Promise<HttpResponse> {
  const { core, type, info, request } = context;
  const change = patchFunction(context);
  const applies = mediaType(request) === 'application/apply-patch+yaml';
  if (applies && core.store.get(type.storage, currentKey(context)) === undefined) {
    const patch = parseJson(request);
    const body = isRecord(patch) ? patch : {};
    return respondWith(context, 201, await createFrom(context, { ...body, metadata: { ...sentMetadata(body), name: info.name } }));
  }
  const changed = await modify(
    context,
    (current) => {
      const result = change(current);
      if (!isRecord(result)) throw badRequest('the patch does not result in an object');
      return result;
    },
    true,
  );
  return respondWith(context, 200, changed);
}

const deleteOptions = ({ request, query }: Context): ReturnType<typeof parseDeleteOptions> =>
  parseDeleteOptions(request.body === undefined || request.body === '' ? undefined : parseJson(request), query);

/** DELETE of one object. The answer is the object while it is terminating, otherwise a Status. */
export async function handleDelete(context: Context): Promise<HttpResponse> {
  const { core, type } = context;
  await admitChange(context, { operation: 'DELETE', oldObject: namedObject(context) });
  const { gone, object } = deleteObject(core, type, namedObject(context), deleteOptions(context));
  // Pods are answered with the object in either case.
  if (!gone || type.storage === 'pods') return respondWith(context, 200, object);
  const { name, uid } = object.metadata;
  return jsonResponse(200, success({ name, ...(type.group !== '' && { group: type.group }), kind: type.resource, uid }));
}

/** DELETE of all objects that the selectors match. */
export async function handleDeleteCollection(context: Context): Promise<HttpResponse> {
  const { core, type } = context;
  const options = deleteOptions(context);
  for (const object of selectedObjects(context, core.store.list(type.storage))) {
    await admitChange(context, { operation: 'DELETE', oldObject: object });
    const current = core.store.get(type.storage, keyOf(object.metadata.namespace, object.metadata.name));
    if (current !== undefined) deleteObject(core, type, current, options);
  }
  return jsonResponse(200, {
    kind: type.listKind,
    apiVersion: 'v1',
    metadata: { resourceVersion: String(core.store.revision) },
    items: [],
  });
}
