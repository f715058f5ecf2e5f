import type { Attributes } from './admission-webhooks.ts';
import type { Context } from '../http/http-io.ts';
import { requestOver } from '../http/request-time.ts';
import type { Json, KubeObject } from '../types.ts';
import type { AdmissionOperation } from './webhook-rules.ts';

/** An object's change as admission webhooks are asked about it. */
export interface AdmittedChange {
  readonly operation: AdmissionOperation;
  readonly object?: Json;
  readonly oldObject?: Json | KubeObject;
  /** Where it is not the resource's own, as of a subresource. */
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string };
}

function attributesOf({ type, info, identity, query }: Context, { operation, object, oldObject, kind }: AdmittedChange): Attributes {
  const { group, version, resource } = type;
  return {
    operation,
    group,
    version,
    resource,
    subresource: info.subresource,
    kind: kind ?? { group, version, kind: type.kind },
    name: info.name,
    namespace: type.namespaced ? info.namespace : type.storage === 'namespaces' ? info.name : '',
    object,
    oldObject,
    dryRun: query.has('dryRun'),
    identity,
  };
}

/** What mutating webhooks make of an object. @throws StatusError */
export async function mutated(context: Context, change: AdmittedChange & { readonly object: Json }): Promise<Json> {
  return (await context.webhooks.mutate(attributesOf(context, change), context.time)) ?? change.object;
}

/** Asks the validating webhooks. @throws StatusError */
export function validated(context: Context, change: AdmittedChange): Promise<void> {
  return context.webhooks.validate(attributesOf(context, change), context.time);
}

/** Asks all webhooks about a change that none of them can alter. @throws StatusError, also when the request is over */
export async function admitChange(context: Context, change: AdmittedChange): Promise<void> {
  await context.webhooks.mutate(attributesOf(context, change), context.time);
  await validated(context, change);
  stillOpen(context);
}

/** To be called before each write. @throws StatusError 504 when the client has gone, or the request has taken too long */
export function stillOpen({ core, time }: Context): void {
  requestOver(core.clock, time);
}
