/** Paths of the apiserver. */
export const ROUTES = {
  /** GET the caller's shadow (long poll), POST creates it, PUT writes its status. */
  shadow: '/bottlerocket-node-resource',
  /** POST. One bounded step with `Prefer: respond-async`, otherwise until done. */
  cordonAndDrain: '/bottlerocket-node-resource/cordon-and-drain',
  /** POST. With `Prefer: respond-async`: 202 until the Node is Ready, then restores the node. */
  uncordon: '/bottlerocket-node-resource/uncordon',
  /** POST. */
  excludeFromLb: '/bottlerocket-node-resource/exclude-from-lb',
  /** POST. */
  removeExclusionFromLb: '/bottlerocket-node-resource/remove-exclusion-from-lb',
  /** GET. Whether the Node is Ready and its DaemonSet pods are up. */
  health: '/bottlerocket-node-resource/health',
  /** POST. Called by kube-apiserver; no token. */
  convert: '/crdconvert',
  /** GET. Responds with `pong`; no token. */
  ping: '/ping',
  /** GET. 200 once the caches have synced; no token. */
  ready: '/readyz',
} as const;

/** Request headers by which an agent identifies itself. Case does not matter on the wire. */
export const HEADERS = { nodeName: 'BrupopNodeName', nodeUid: 'BrupopNodeUid', token: 'BrupopK8sAuthToken' } as const;

/** The names of {@link HEADERS} as Node.js passes them to a server: in lower case. */
export const LOWER_CASE_HEADERS = { nodeName: 'brupopnodename', nodeUid: 'brupopnodeuid', token: 'brupopk8sauthtoken' } as const;

/** `Prefer` value (RFC 7240) that requests one bounded step instead of the whole operation. */
export const RESPOND_ASYNC = 'respond-async';

/** `Prefer` value for a long poll: the GET is pending for up to `seconds`, until the shadow differs from `If-None-Match`. */
export function preferWait(seconds: number): string {
  return `wait=${String(seconds)}`;
}
