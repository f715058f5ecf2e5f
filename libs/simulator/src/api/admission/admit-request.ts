import type { Attributes } from './admission-webhooks.ts';
import type { Context } from '../http/http-io.ts';
import { requestOver } from '../http/request-time.ts';
import type { Json, KubeObject } from '../types.ts';
import type { AdmissionOperation } from './webhook-rules.ts';

/** A change of an object as admission webhooks see it. */
export interface AdmittedChange {
  readonly operation: AdmissionOperation;
  readonly object?: Json;
  readonly oldObject?: Json | KubeObject;
  /** Set where it is not the kind of the resource, as for a subresource. */
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

/** Returns the object as the mutating webhooks leave it. @throws StatusError */
export async function mutated(context: Context, change: AdmittedChange & { readonly object: Json }): Promise<Json> {
  return (await context.webhooks.mutate(attributesOf(context, change), context.time)) ?? change.object;
}

/** Calls the validating webhooks. @throws StatusError */
export function validated(context: Context, change: AdmittedChange): Promise<void> {
  return context.webhooks.validate(attributesOf(context, change), context.time);
}

/** Calls all webhooks about a change that none of them can alter. @throws StatusError, also if the request has timed out */
export async function admitChange(context: Context, change: AdmittedChange): Promise<void> {
  await context.webhooks.mutate(attributesOf(context, change), context.time);
  await validated(context, change);
  stillOpen(context);
}

/** Must be called before each write. @throws StatusError 504 if the client has gone, or if the request has taken too long */
export function stillOpen({ core, time }: Context): void {
  requestOver(core.clock, time);
}
