import {
  GROUP,
  KIND,
  shadowName,
  STORAGE_VERSION,
  type BottlerocketShadow,
  type OwnerReference,
  type ShadowStatus,
} from '@brupop/crd-models';
import { isKubeStatus, MERGE_PATCH, paths, type KubeClient } from '@brupop/kube-runtime';
import { readOrUndefined } from './caches.ts';
import { RequestError } from './errors.ts';
import { isDrivenByLegacy } from './legacy/driven-by-legacy.ts';

/** A node as the Kubernetes API knows it. */
export interface NodeIdentity {
  readonly name: string;
  readonly uid: string;
}

/** The shadow that a node starts with. */
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

/** The owners of an existing shadow, with this node among them; undefined when they are right already. */
export function planOwners(shadow: BottlerocketShadow, node: NodeIdentity): readonly OwnerReference[] | undefined {
  const owners = shadow.metadata.ownerReferences ?? [];
  if (owners.some(({ kind, name, uid }) => kind === 'Node' && name === node.name && uid === node.uid)) return undefined;
  return [...owners.filter(({ kind }) => kind !== 'Node'), ownerReference(node)];
}

/** Creates the node's shadow, or gives the one that exists. A shadow left by an earlier node of the name becomes this node's, or it would be garbage. */
export async function ensureShadow(
  client: KubeClient,
  namespace: string,
  node: NodeIdentity,
  signal: AbortSignal,
): Promise<BottlerocketShadow> {
  try {
    return await client.request<BottlerocketShadow>('POST', paths.shadows(namespace), { body: newShadow(node, namespace), signal });
  } catch (error) {
    if (!isKubeStatus(error, 409)) throw error;
    const path = paths.shadow(namespace, shadowName(node.name));
    const existing = await readOrUndefined<BottlerocketShadow>(client, path, signal);
    // Deleted between the two; the caller's next attempt creates it.
    if (existing === undefined) throw error;
    const owners = planOwners(existing, node);
    if (owners === undefined) return existing;
    const { resourceVersion } = existing.metadata;
    const body = { metadata: { ownerReferences: owners, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
    return client.request<BottlerocketShadow>('PATCH', path, { body, contentType: MERGE_PATCH, signal });
  }
}

/**
 * The merge patch that makes what was sent true and leaves what was not sent alone, so that an older agent, which does not know
 * our additions, does not wipe them out. But for three: an agent without a boot id is one of Brupop 1.x, and what one of ours told of its boot and its
 * step before that does not hold any more; and an agent that tells nothing of its checks for updates must not seem to tell what another told before.
 */
export function statusPatch(sent: ShadowStatus): { readonly status: Readonly<Record<string, unknown>> } {
  if (sent.boot_id === undefined) return { status: { ...sent, boot_id: null, progress: null, update_check: null } };
  const { progress, update_check: check = null } = sent;
  // A merge patch goes into objects: without this the message and the reason of the step before would stay.
  const whole = progress === undefined || progress === null ? {} : { progress: { message: null, reason: null, ...progress } };
  return { status: { ...sent, ...whole, update_check: check === null ? null : { ...NO_CHECK, ...check } } };
}

const NO_CHECK = { checked_at: null, since: null, reason: null, message: null, interval_seconds: null, newest_listed: null };

/** Writes the status of the node's own shadow. @returns the shadow as the API server has it now @throws RequestError SHADOW_NOT_FOUND */
export async function writeStatus(
  client: KubeClient,
  namespace: string,
  nodeName: string,
  status: ShadowStatus,
  signal: AbortSignal,
): Promise<BottlerocketShadow> {
  const name = shadowName(nodeName);
  try {
    return await client.request<BottlerocketShadow>('PATCH', paths.shadowStatus(namespace, name), {
      body: statusPatch(status),
      contentType: MERGE_PATCH,
      signal,
    });
  } catch (error) {
    if (isKubeStatus(error, 404)) throw new RequestError('SHADOW_NOT_FOUND', `Shadow ${name} not found`, error);
    throw error;
  }
}

/**
 * Whether the node is in the middle of an update that Brupop 1.x drove: it has cordoned the node without saying so on it.
 */
export function isLegacyUpdate(shadow: BottlerocketShadow | undefined): boolean {
  if (shadow === undefined || shadow.status === undefined || shadow.status === null) return false;
  const { status, spec } = shadow;
  if (!isDrivenByLegacy(shadow) || (status.progress ?? null) !== null) return false;
  return spec.state === 'RebootedIntoUpdate' || status.current_state === 'RebootedIntoUpdate' || status.current_state === 'ErrorReset';
}
