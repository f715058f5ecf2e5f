import {
  GROUP,
  KIND,
  shadowName,
  STORAGE_VERSION,
  type BottlerocketShadow,
  type ShadowStatus,
  shadowStatusPath,
  shadowsPath,
  shadowPath,
} from '@brupop/crd-models';
import type { OwnerReference } from '@brupop/kube-objects';
import { isKubeStatus, MERGE_PATCH, type KubeClient, getOrUndefined } from '@brupop/kube-runtime';
import { RequestError } from './errors.ts';
import { isLegacyStatus, legacyStatusPatch } from './legacy/legacy-status.ts';

/** Name and UID of a Node. */
export interface NodeIdentity {
  readonly name: string;
  readonly uid: string;
}

/** The initial shadow of a node. */
export function newShadow(node: NodeIdentity, namespace: string): BottlerocketShadow {
  return {
    apiVersion: `${GROUP}/${STORAGE_VERSION}`,
    kind: KIND,
    metadata: { name: shadowName(node.name), namespace, ownerReferences: [ownerReference(node)] },
    spec: { state: 'Idle' },
  };
}

function ownerReference({ name, uid }: NodeIdentity): OwnerReference {
  return { apiVersion: 'v1', kind: 'Node', name, uid };
}

/** The owner references of an existing shadow with this node among them; undefined if they need no change. */
export function planOwners(shadow: BottlerocketShadow, node: NodeIdentity): readonly OwnerReference[] | undefined {
  const owners = shadow.metadata.ownerReferences ?? [];
  if (owners.some(({ kind, name, uid }) => kind === 'Node' && name === node.name && uid === node.uid)) return undefined;
  return [...owners.filter(({ kind }) => kind !== 'Node'), ownerReference(node)];
}

/**
 * Creates the node's shadow, or returns the existing one. This node adopts the shadow of an earlier node of the same name; otherwise it
 * would be garbage-collected.
 */
export async function ensureShadow(
  client: KubeClient,
  namespace: string,
  node: NodeIdentity,
  signal: AbortSignal,
): Promise<BottlerocketShadow> {
  try {
    return await client.request<BottlerocketShadow>('POST', shadowsPath(namespace), { body: newShadow(node, namespace), signal });
  } catch (error) {
    if (!isKubeStatus(error, 409)) throw error;
    const path = shadowPath(namespace, shadowName(node.name));
    const existing = await getOrUndefined<BottlerocketShadow>(client, path, { signal });
    // Deleted between the two requests; the caller's next attempt creates it.
    if (existing === undefined) throw error;
    const owners = planOwners(existing, node);
    if (owners === undefined) return existing;
    const { resourceVersion } = existing.metadata;
    const body = { metadata: { ownerReferences: owners, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
    return client.request<BottlerocketShadow>('PATCH', path, { body, contentType: MERGE_PATCH, signal });
  }
}

/**
 * The merge patch that writes the fields that were sent and leaves all others alone, so that an older agent, which does not know
 * our additions, does not erase them. An agent that reports no update check also removes what another agent reported about it before.
 */
export function statusPatch(sent: ShadowStatus): { readonly status: Readonly<Record<string, unknown>> } {
  if (isLegacyStatus(sent)) return { status: legacyStatusPatch(sent) };
  const { progress, update_check: check = null } = sent;
  // A merge patch merges nested objects: without the nulls, message and reason of the previous step would remain.
  const whole = progress === undefined || progress === null ? {} : { progress: { message: null, reason: null, ...progress } };
  return { status: { ...sent, ...whole, update_check: check === null ? null : { ...NO_CHECK, ...check } } };
}

const NO_CHECK = { checked_at: null, since: null, reason: null, message: null, interval_seconds: null, newest_listed: null };

/** Writes the status of the node's own shadow. @returns the shadow from the response @throws RequestError SHADOW_NOT_FOUND */
export async function writeStatus(
  client: KubeClient,
  namespace: string,
  nodeName: string,
  status: ShadowStatus,
  signal: AbortSignal,
): Promise<BottlerocketShadow> {
  const name = shadowName(nodeName);
  try {
    return await client.request<BottlerocketShadow>('PATCH', shadowStatusPath(namespace, name), {
      body: statusPatch(status),
      contentType: MERGE_PATCH,
      signal,
    });
  } catch (error) {
    if (isKubeStatus(error, 404)) throw new RequestError('SHADOW_NOT_FOUND', `Shadow ${name} not found`, error);
    throw error;
  }
}
