import type { HttpResponse } from '@brupop/ports';
import { jsonResponse } from '@brupop/ports';
import { admitChange } from '../admission/admit-request.ts';
import type { Context } from '../http/http-io.ts';
import { mediaType, parseJson } from '../http/http-io.ts';
import { sentMetadata } from './object-metadata.ts';
import { replaceObject } from './object-writes.ts';
import { applyJsonPatch, applyMergePatch } from './patch.ts';
import { methodNotAllowed } from '../http/status.ts';
import { isRecord, valueAt } from '../types.ts';
import type { Json, KubeObject } from '../types.ts';
import { namedObject } from '../http/write-handlers.ts';

const SCALE = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

function scaleOf(object: KubeObject): Json {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const labels = valueAt(object, 'spec.selector.matchLabels');
  const selector = Object.entries(isRecord(labels) ? labels : {}).map(([key, value]) => `${key}=${String(value)}`);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: valueAt(object, 'spec.replicas') ?? 0 },
    status: { replicas: valueAt(object, 'status.replicas') ?? 0, selector: selector.join(',') },
  };
}

function changedScale(context: Context, current: Json): unknown {
  const body = parseJson(context.request);
  switch (context.info.verb) {
    case 'update':
      return body;
    case 'patch':
      return mediaType(context.request) === 'application/json-patch+json' ? applyJsonPatch(current, body) : applyMergePatch(current, body);
    default:
      throw methodNotAllowed();
  }
}

/** The scale subresource: `spec.replicas` as an object of its own. */
export async function handleScale(context: Context): Promise<HttpResponse> {
  const { core, type, info } = context;
  const shown = namedObject(context);
  if (info.verb === 'get') return jsonResponse(200, scaleOf(shown));
  const wanted = changedScale(context, scaleOf(shown));
  await admitChange(context, { operation: 'UPDATE', object: isRecord(wanted) ? wanted : {}, oldObject: scaleOf(shown), kind: SCALE });
  const object = namedObject(context);
  const sent = sentMetadata(isRecord(wanted) ? wanted : {});
  const spec = isRecord(object['spec']) ? object['spec'] : {};
  const body: Json = {
    ...object,
    metadata: { ...object.metadata, resourceVersion: sent.resourceVersion ?? '' },
    spec: { ...spec, replicas: valueAt(wanted, 'spec.replicas') ?? 0 },
  };
  return jsonResponse(
    200,
    scaleOf(replaceObject(core, type, object, body, { subresource: '', byPatch: true, dryRun: context.query.has('dryRun') })),
  );
}
