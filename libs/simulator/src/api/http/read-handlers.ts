import type { HttpResponse } from '@brupop/ports';
import type { Context } from './http-io.ts';
import { respondWith, respondWithList } from '../kubectl/output.ts';
import { continueExpired, decodeContinue, encodeContinue, parseLimit } from './pagination.ts';
import { fieldMatcher, labelMatcher } from '../storage/selectors.ts';
import type { Matcher } from '../storage/selectors.ts';
import { StatusError, badRequest, expired, notFound } from './status.ts';
import { keyOf } from '../storage/store.ts';
import type { KubeObject } from '../types.ts';

/** A predicate for the namespace and selectors of a request; it takes objects in the version of the request. */
export function requestMatcher({ type, info, query }: Pick<Context, 'type' | 'info' | 'query'>): Matcher {
  const labels = labelMatcher(query.get('labelSelector') ?? '');
  // Events are matched in their stored form, with the field names of core v1.
  const selector = (query.get('fieldSelector') ?? '').replace(/\bregarding\./g, type.storage === 'events' ? 'involvedObject.' : '$&');
  const fields = fieldMatcher(
    type.storage === 'events' ? { ...type, selectable: [...type.selectable, ...EVENT_FIELDS] } : type,
    selector.replace('reportingController', type.storage === 'events' ? 'reportingComponent' : '$&'),
  );
  const everywhere = !type.namespaced || info.namespace === '';
  return (object) => (everywhere || object.metadata.namespace === info.namespace) && labels(object) && fields(object);
}

const EVENT_FIELDS = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']
  .map((field) => `involvedObject.${field}`)
  .concat('reportingComponent');

/** The objects that the namespace and selectors of the request select. */
export const selectedObjects = (context: Context, objects: readonly KubeObject[]): KubeObject[] => objects.filter(requestMatcher(context));

/** A `resourceVersion` parameter as a number; 0 stands for "any". @throws StatusError 400 */
export function parseRevision(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  if (!/^\d+$/.test(text)) throw badRequest(`Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`);
  return Number(text);
}

/** GET of one object. */
export function handleGet(context: Context): Promise<HttpResponse> {
  const { core, type, info } = context;
  const object = core.store.get(type.storage, keyOf(type.namespaced ? info.namespace : undefined, info.name));
  if (object === undefined) throw notFound(type, info.name);
  return respondWith(context, 200, object);
}

function snapshot(context: Context, revision: number, gone: () => Error): readonly KubeObject[] {
  const objects = context.core.store.listAt(context.type.storage, revision);
  if (objects === undefined) throw gone();
  return objects;
}

function tooLarge(revision: number, current: number): StatusError {
  const message = `Too large resource version: ${String(revision)}, current: ${String(current)}`;
  return new StatusError(504, 'Timeout', message, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

/** GET of a collection, in pages if it has a `limit`. All pages show the state at the revision of the first. */
export function handleList(context: Context): Promise<HttpResponse> {
  const { core, query } = context;
  const limit = parseLimit(query.get('limit'));
  const token = query.get('continue') ?? '';
  const asked = parseRevision(query.get('resourceVersion'));
  const from = token === '' ? undefined : decodeContinue(token);
  if (asked !== undefined && asked > core.store.revision) throw tooLarge(asked, core.store.revision);
  const exact = query.get('resourceVersionMatch') === 'Exact' ? asked : undefined;
  const revision = from?.revision ?? exact ?? core.store.revision;
  const gone = from === undefined ? (): Error => expired(`The resourceVersion for the provided list is too old.`) : continueExpired;
  const matches = requestMatcher(context);
  const rest: KubeObject[] = [];
  let more = 0;
  for (const object of snapshot(context, revision, gone)) {
    if (from !== undefined && keyOf(object.metadata.namespace, object.metadata.name) <= from.after) continue;
    if (!matches(object)) continue;
    if (rest.length < limit) rest.push(object);
    else more++;
  }
  const last = rest.at(-1)?.metadata;
  const selects = (query.get('labelSelector') ?? '') !== '' || (query.get('fieldSelector') ?? '') !== '';
  return respondWithList(context, rest, {
    resourceVersion: String(revision),
    ...(more > 0 && last !== undefined && { continue: encodeContinue({ revision, after: keyOf(last.namespace, last.name) }) }),
    ...(more > 0 && !selects && { remainingItemCount: more }),
  });
}
