import { isKubeStatus, MERGE_PATCH, paths, type KubeClient } from '@brupop/kube-runtime';
import { BrupopError, type Clock } from '@brupop/ports';
import {
  planAdoption,
  planCordon,
  planExclusion,
  planInclusion,
  planReturn,
  planTidy,
  planUncordon,
  type DrainNode,
  type NodeChange,
  type Ownership,
  type SeenPods,
  type Tidying,
} from './node-plans.ts';

/** What the functions that change a Node need. */
export interface NodeChangeOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly nodeName: string;
  /**
   * The Node from a cache, with every field that these functions read. It saves a read: a patch made from it is guarded by its resourceVersion. If it
   * shows nothing to do, the Node is read afresh to make sure.
   */
  readonly known?: DrainNode | undefined;
  /** @returns why the Node must not be changed now, if so. It is given exactly the version of the Node that the patch would be guarded by. */
  readonly unless?: (node: DrainNode) => string | undefined;
  readonly signal: AbortSignal;
  /**
   * Begins nothing more once it aborts, as when whoever asked has gone; but a patch that the API server has been sent runs to its end, for it may pass slow
   * admission webhooks, and is dropped if its client hangs up.
   */
  readonly stop?: AbortSignal;
}

/** What a change of a Node came to. */
export interface NodeChangeResult {
  /** False when the Node was as it should be already. */
  readonly changed: boolean;
  /** What we hold now; absent when nothing. */
  readonly held?: Ownership;
  /** After undoing: whether somebody else's setting stays. */
  readonly keptByOther: boolean;
  /** Why nothing was done, as `unless` told. */
  readonly refused?: string;
}

/**
 * Cordons the node and marks the cordon as ours. Idempotent.
 * @param options.lastUids of the pods that are on the node now and are to be evicted last: written down with the cordon, once
 * @param options.seen what the other pods that are on the node now tell, likewise; undefined if they have not been listed
 * @throws `KubeApiError`, or `NODE_CONFLICT` (transient)
 */
export function cordonNode(
  options: NodeChangeOptions & { readonly lastUids?: readonly string[]; readonly seen?: SeenPods | undefined },
): Promise<NodeChangeResult> {
  return changeNode(options, (node, now) => planCordon(node, now, options.lastUids, options.seen));
}

/** Uncordons the node if we cordoned it and nobody had before. Idempotent. @throws `KubeApiError`, or `NODE_CONFLICT` (transient) */
export function uncordonNode(options: NodeChangeOptions): Promise<NodeChangeResult> {
  return changeNode(options, planUncordon);
}

/**
 * Removes marks that do not hold any more, and brings the taint of cordoned nodes, by which the operator's servers prefer others, in line with whether the
 * node is cordoned. Changes no cordon and no label. Idempotent. @throws as {@link uncordonNode}
 */
export function tidyNode(options: NodeChangeOptions, tidying: Tidying): Promise<NodeChangeResult> {
  return changeNode(options, (node) => planTidy(node, tidying));
}

/** Takes the node out of external load balancers and marks that as ours. Idempotent. @throws `KubeApiError`, or `NODE_CONFLICT` (transient) */
export function excludeFromLoadBalancers(options: NodeChangeOptions): Promise<NodeChangeResult> {
  return changeNode(options, planExclusion);
}

/** Undoes {@link excludeFromLoadBalancers}; an exclusion of somebody else stays. Idempotent. @throws `KubeApiError`, or `NODE_CONFLICT` (transient) */
export function removeExclusion(options: NodeChangeOptions): Promise<NodeChangeResult> {
  return changeNode(options, planInclusion);
}

/** {@link uncordonNode} and {@link removeExclusion} in one. Idempotent. @throws `KubeApiError`, or `NODE_CONFLICT` (transient) */
export function giveNodeBack(options: NodeChangeOptions): Promise<NodeChangeResult> {
  return changeNode(options, planReturn);
}

/** Marks as ours what a predecessor without ownership annotations did to the node. Idempotent. @throws `KubeApiError`, or `NODE_CONFLICT` (transient) */
export function adoptNode(options: NodeChangeOptions): Promise<NodeChangeResult> {
  return changeNode(options, planAdoption);
}

const ATTEMPTS = 6;

/**
 * Reads the Node, or takes the one that is known, decides, and patches it guarded by its resourceVersion; after a conflict, reads afresh.
 * @throws KubeApiError what the Kubernetes API refused, 404 when there is no such Node
 * @throws BrupopError `NODE_CONFLICT` (transient) when others kept changing the Node
 */
async function changeNode(options: NodeChangeOptions, plan: (node: DrainNode, now: string) => NodeChange): Promise<NodeChangeResult> {
  const { client, clock, nodeName, signal, stop } = options;
  const path = paths.node(nodeName);
  let conflict: unknown;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    stop?.throwIfAborted();
    const known = attempt === 0 && options.known?.metadata.resourceVersion !== undefined ? options.known : undefined;
    const node = known ?? (await client.request<DrainNode>('GET', path, { signal }));
    const refused = options.unless?.(node);
    if (refused !== undefined) return { changed: false, keptByOther: false, refused };
    const { patch, held, keptByOther } = plan(node, new Date(clock.now()).toISOString());
    const result = { ...(held === undefined ? {} : { held }), keptByOther };
    if (patch === undefined && known === undefined) return { changed: false, ...result };
    // A cache that lags may not show yet what is to be undone.
    if (patch === undefined) continue;
    const { resourceVersion } = node.metadata;
    const body = { ...patch, metadata: { ...patch.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
    try {
      await client.request<unknown>('PATCH', path, { body, contentType: MERGE_PATCH, signal });
      return { changed: true, ...result };
    } catch (error) {
      // A node's status changes often; the next read sees it. What else went wrong is the caller's.
      if (!isKubeStatus(error, 409)) throw error;
      conflict = error;
    }
  }
  throw new BrupopError('NODE_CONFLICT', `Node ${nodeName} kept changing while it was to be patched`, {
    retry: 'transient',
    cause: conflict,
  });
}
