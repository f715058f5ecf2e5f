import type { HttpResponse } from '@brupop/ports';
import { jsonResponse } from '@brupop/ports';
import { admitChange } from '../admission/admit-request.ts';
import type { Context } from '../http/http-io.ts';
import { parseJson } from '../http/http-io.ts';
import { timestamp } from '../storage/core.ts';
import { conflict, invalid, notFound } from '../http/status.ts';
import { API_AUDIENCES } from './tokens.ts';
import type { TokenAuthority } from './tokens.ts';
import { asText, isRecord, valueAt } from '../types.ts';
import { namedObject } from '../http/write-handlers.ts';

const SHORTEST_S = 600;
const TOKEN_REQUEST = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };

interface Bound {
  readonly pod?: { readonly name: string; readonly uid: string };
  readonly node?: { readonly name: string; readonly uid: string };
}

function bind(context: Context, reference: unknown): Bound {
  if (!isRecord(reference)) return {};
  const { core, info } = context;
  const { kind, name, uid } = reference;
  if (kind !== 'Pod' && kind !== 'Node') return {};
  const type = { group: '', resource: kind === 'Pod' ? 'pods' : 'nodes' };
  const object = core.store.get(type.resource, kind === 'Pod' ? `${info.namespace}/${String(name)}` : String(name));
  if (object === undefined) throw notFound(type, String(name));
  if (uid !== undefined && uid !== object.metadata.uid) {
    throw conflict(
      type,
      String(name),
      `the UID in the bound object reference (${asText(uid)}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  const itself = { name: object.metadata.name, uid: object.metadata.uid };
  if (kind === 'Node') return { node: itself };
  const nodeName = valueAt(object, 'spec.nodeName');
  const node = typeof nodeName === 'string' ? core.store.get('nodes', nodeName) : undefined;
  return { pod: itself, ...(node && { node: { name: node.metadata.name, uid: node.metadata.uid } }) };
}

/** POST serviceaccounts/token: issues a token, bound to the pod or node that the request names. */
export async function handleTokenRequest(context: Context, tokens: TokenAuthority): Promise<HttpResponse> {
  const { core, info } = context;
  const account = namedObject(context);
  const body = parseJson(context.request);
  await admitChange(context, { operation: 'CREATE', object: isRecord(body) ? body : {}, kind: TOKEN_REQUEST });
  const seconds = valueAt(body, 'spec.expirationSeconds') ?? 3600;
  if (typeof seconds !== 'number' || seconds < SHORTEST_S) {
    throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [
      {
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${asText(seconds)}: may not specify a duration less than 10 minutes`,
        field: 'spec.expirationSeconds',
      },
    ]);
  }
  const asked = valueAt(body, 'spec.audiences');
  const audiences = Array.isArray(asked) && asked.length > 0 ? asked.map(String) : [API_AUDIENCES[0]];
  const boundObjectRef = valueAt(body, 'spec.boundObjectRef');
  const token = tokens.issue({
    serviceAccount: { namespace: info.namespace, name: info.name },
    audiences,
    expiresAfterMs: seconds * 1000,
    ...bind(context, boundObjectRef),
  });
  return jsonResponse(201, {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name: account.metadata.name, namespace: info.namespace, creationTimestamp: timestamp(core.clock) },
    spec: { audiences, expirationSeconds: seconds, ...(boundObjectRef !== undefined && { boundObjectRef }) },
    status: { token, expirationTimestamp: timestamp(core.clock, seconds * 1000) },
  });
}
