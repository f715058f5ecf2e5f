import type { HttpResponse } from '@brupop/ports';
import { jsonResponse } from '@brupop/ports';
import { timestamp } from './core.ts';
import type { Context } from '../http/http-io.ts';
import { parseJson } from '../http/http-io.ts';
import { replaceObject } from './object-writes.ts';
import { conflict, success } from '../http/status.ts';
import { asText, isRecord, valueAt } from '../types.ts';
import { namedObject } from '../http/write-handlers.ts';

/** POST of a Binding, as a scheduler sends it. `managedFields` do not record it. @throws StatusError 404, 409 */
export function handleBinding(context: Context): HttpResponse {
  const { core, type, request, info } = context;
  const pod = namedObject(context);
  const node = valueAt(parseJson(request), 'target.name');
  const before = valueAt(pod, 'spec.nodeName');
  if (before !== undefined) {
    throw conflict({ group: '', resource: 'pods/binding' }, info.name, `pod ${info.name} is already assigned to node "${asText(before)}"`);
  }
  const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: timestamp(core.clock) };
  const status = isRecord(pod['status']) ? pod['status'] : {};
  const conditions: readonly unknown[] = Array.isArray(status['conditions']) ? status['conditions'] : [];
  const others = conditions.filter((condition) => valueAt(condition, 'type') !== scheduled.type);
  const spec = isRecord(pod['spec']) ? pod['spec'] : {};
  const bound = { ...pod, spec: { ...spec, nodeName: node }, status: { ...status, conditions: [...others, scheduled] } };
  replaceObject(core, type, pod, bound, { subresource: '*', byPatch: true, dryRun: false });
  return jsonResponse(201, success(undefined, 201));
}
