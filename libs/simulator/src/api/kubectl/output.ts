import type { HttpResponse } from '@brupop/ports';
import { jsonResponse } from '@brupop/ports';
import type { Context } from '../http/http-io.ts';
import { apiVersionOf } from '../storage/resources.ts';
import { tableOf, wantsTable } from './table.ts';
import { omit } from '../types.ts';
import type { Json, KubeObject } from '../types.ts';

const warningHeader = (warnings: readonly string[]): Record<string, string> =>
  warnings.length === 0 ? {} : { warning: warnings.map((text) => `299 - ${JSON.stringify(text)}`).join(', ') };

/** Answers with one object, in the requested version and form. */
export async function respondWith(context: Context, status: number, object: KubeObject): Promise<HttpResponse> {
  const { conversions, type, request, warnings } = context;
  const shown = await conversions.toOne(type, object);
  const body = wantsTable(request) ? tableOf(context, [shown], { resourceVersion: object.metadata.resourceVersion }) : shown;
  return jsonResponse(status, body, warningHeader(warnings));
}

/** Answers with a list. */
export async function respondWithList(context: Context, objects: readonly KubeObject[], metadata: Json): Promise<HttpResponse> {
  const { conversions, type, request } = context;
  const shown = await conversions.toList(type, objects);
  if (wantsTable(request)) return jsonResponse(200, tableOf(context, shown, metadata));
  // Built-in items have neither kind nor apiVersion in a list; custom resources have both.
  const items = type.custom ? shown : shown.map((object) => omit(object, 'apiVersion', 'kind'));
  // Only lists of custom resources have an empty `continue`.
  const complete = type.custom ? { continue: '', ...metadata } : metadata;
  return jsonResponse(200, { kind: type.listKind, apiVersion: apiVersionOf(type), metadata: complete, items });
}
