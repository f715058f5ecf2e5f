import type { KubeNode } from '@brupop/kube-objects';
import { isKubeStatus, MERGE_PATCH, paths, type KubeClient } from '@brupop/kube-runtime';
import { BrupopError, type Clock } from '@brupop/ports';
import {
  planAdoption,
  planCordon,
  planExclusion,
  planInclusion,
  planRestore,
  planTidy,
  planUncordon,
  type NodeChange,
  type SeenPods,
  type Tidying,
} from './node-plans.ts';
import type { Ownership, OwnershipNames } from './ownership.ts';

/** What the functions that change a Node need. */
export interface NodeChangeOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly nodeName: string;
  readonly names: OwnershipNames;
  /**
   * The Node from a cache, with every field that these functions read. It saves a read: a patch made from it is guarded by its
   * resourceVersion. If it shows nothing to do, the Node is read from the API server.
   */
  readonly known?: KubeNode | undefined;
  /** @returns why the Node must not be changed now, if so. Called with the version of the Node that guards the patch. */
  readonly unless?: (node: KubeNode) => string | undefined;
  readonly signal: AbortSignal;
  /**
   * Starts no other request once it aborts, such as when the caller disconnects. A patch in progress runs to its end: it may pass slow
   * admission webhooks, and the API server drops a request when its client disconnects.
   */
  readonly stop?: AbortSignal;
}

/** The result of a change of a Node. */
export interface NodeChangeResult {
  /** False if the Node was already as it should be. */
  readonly changed: boolean;
  /** What the operator owns now; absent if nothing. */
  readonly owned?: Ownership;
  /** After an undo: whether another client's cordon or exclusion stays. */
  readonly keptByOther: boolean;
  /** Why nothing was done, as returned by `unless`. */
  readonly refused?: string;
}

/**
 * Cordons the node and records the cordon as owned. Idempotent.
 * @param options.lastUids of the pods on the node that are to be evicted last; recorded with the cordon, once
 * @param options.seen the other pods on the node, likewise; undefined if they have not been listed
 * @throws `KubeApiError`, or `NODE_CONFLICT` (transient)
 */
export function cordonNode(
  options: NodeChangeOptions & { readonly lastUids?: readonly string[]; readonly seen?: SeenPods | undefined },
): Promise<NodeChangeResult> {
  return changeNode(options, (node, names, now) => planCordon(node, names, now, options.lastUids, options.seen));
}

/** Uncordons the node if the cordon is owned and not another client's. Idempotent. @throws `KubeApiError`, `NODE_CONFLICT` (transient) */
export function uncordonNode(options: NodeChangeOptions): Promise<NodeChangeResult> {
  return changeNode(options, planUncordon);
}

/**
 * Removes void ownership annotations, and adds or removes the taint of cordoned nodes, by which servers of the operator prefer other nodes.
 * Changes no cordon and no label. Idempotent. @throws as {@link uncordonNode}
 */
export function tidyNode(options: NodeChangeOptions, tidying: Tidying): Promise<NodeChangeResult> {
  return changeNode(options, (node, names) => planTidy(node, names, tidying));
}

/** Excludes the node from external load balancers, as owned. Idempotent. @throws `KubeApiError`, `NODE_CONFLICT` (transient) */
export function excludeFromLoadBalancers(options: NodeChangeOptions): Promise<NodeChangeResult> {
  return changeNode(options, planExclusion);
}

/** Undoes {@link excludeFromLoadBalancers}; others' exclusions stay. Idempotent. @throws `KubeApiError`, `NODE_CONFLICT` (transient) */
export function removeExclusion(options: NodeChangeOptions): Promise<NodeChangeResult> {
  return changeNode(options, planInclusion);
}

/** {@link uncordonNode} and {@link removeExclusion} in one patch. Idempotent. @throws `KubeApiError`, or `NODE_CONFLICT` (transient) */
export function restoreNode(options: NodeChangeOptions): Promise<NodeChangeResult> {
  return changeNode(options, planRestore);
}

/**
 * Records as owned the cordon and exclusion of an operator without ownership annotations. Idempotent.
 * @throws `KubeApiError`, or `NODE_CONFLICT` (transient)
 */
export function adoptNode(options: NodeChangeOptions): Promise<NodeChangeResult> {
  return changeNode(options, planAdoption);
}

const ATTEMPTS = 6;

/**
 * Plans the change from the known Node, or reads the Node, and patches it guarded by its resourceVersion. After a conflict, reads the Node
 * and plans again.
 * @throws KubeApiError if the API server rejects a request; 404 if there is no such Node
 * @throws BrupopError `NODE_CONFLICT` (transient) if other clients kept changing the Node
 */
async function changeNode(
  options: NodeChangeOptions,
  plan: (node: KubeNode, names: OwnershipNames, now: string) => NodeChange,
): Promise<NodeChangeResult> {
  const { client, clock, nodeName, names, signal, stop } = options;
  const path = paths.node(nodeName);
  let conflict: unknown;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    stop?.throwIfAborted();
    const known = attempt === 0 && options.known?.metadata.resourceVersion !== undefined ? options.known : undefined;
    const node = known ?? (await client.request<KubeNode>('GET', path, { signal }));
    const refused = options.unless?.(node);
    if (refused !== undefined) return { changed: false, keptByOther: false, refused };
    const { patch, owned, keptByOther } = plan(node, names, new Date(clock.now()).toISOString());
    const result = { ...(owned === undefined ? {} : { owned }), keptByOther };
    if (patch === undefined && known === undefined) return { changed: false, ...result };
    // A cache that lags may not show yet what is to be undone.
    if (patch === undefined) continue;
    const { resourceVersion } = node.metadata;
    const body = { ...patch, metadata: { ...patch.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
    try {
      await client.request<unknown>('PATCH', path, { body, contentType: MERGE_PATCH, signal });
      return { changed: true, ...result };
    } catch (error) {
      // The status of a Node changes often; the next read sees the change.
      if (!isKubeStatus(error, 409)) throw error;
      conflict = error;
    }
  }
  throw new BrupopError('NODE_CONFLICT', `Other clients kept changing Node ${nodeName}, so it could not be patched`, {
    retry: 'transient',
    cause: conflict,
  });
}
