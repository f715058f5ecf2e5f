import type { KubeNode, KubePod, TokenReviewStatus } from '@brupop/kube-objects';
import { deny, type Denial, type DenialCode } from './credentials.ts';

/** Whose tokens are accepted. */
export interface ExpectedCaller {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly audience: string;
}

/** The input of {@link authorize}. */
export interface AuthorizeInput {
  readonly review: TokenReviewStatus;
  readonly request: { readonly nodeName: string; readonly nodeUid?: string };
  readonly expected: ExpectedCaller;
  /** The live pod that {@link claimsOf} names; undefined if there is none. */
  readonly pod: KubePod | undefined;
  /** The Node of the request's name; undefined if there is none. */
  readonly node: KubeNode | undefined;
}

/** A caller that may act for exactly this node. */
export interface Grant {
  readonly ok: true;
  readonly node: { readonly name: string; readonly uid: string };
  readonly pod: { readonly name: string; readonly uid: string };
}

/** What the Kubernetes API has verified about the caller with a token. */
export interface TokenClaims {
  readonly podName?: string;
  readonly podUid?: string;
  readonly nodeName?: string;
  readonly nodeUid?: string;
}

/**
 * Reads the claims from a review. A claim without exactly one value counts as absent.
 * https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
 */
export function claimsOf(review: TokenReviewStatus): TokenClaims {
  const one = (key: string): string | undefined => {
    const values = review.user?.extra?.[`authentication.kubernetes.io/${key}`];
    return values?.length === 1 && values[0] !== '' ? values[0] : undefined;
  };
  const claims = { podName: one('pod-name'), podUid: one('pod-uid'), nodeName: one('node-name'), nodeUid: one('node-uid') };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

type Rule = (input: AuthorizeInput, claims: TokenClaims) => readonly [401 | 403, DenialCode, string] | undefined;

// From "who is it" to "which node": each rule relies on those before it, and the first that fails is the reported reason.
const RULES: readonly Rule[] = [
  ({ review }) => (review.authenticated === true ? undefined : [401, 'TOKEN_REJECTED', 'The Kubernetes API rejected the token']),
  // A token for another audience was sent to another server, which may have stored it. An API server without audience support returns none.
  ({ review, expected }) =>
    review.audiences?.includes(expected.audience) === true
      ? undefined
      : [401, 'AUDIENCE_MISMATCH', `The token is not valid for audience ${expected.audience}`],
  ({ review, expected }) =>
    review.user?.username === `system:serviceaccount:${expected.namespace}:${expected.serviceAccount}`
      ? undefined
      : [
          403,
          'SERVICE_ACCOUNT_MISMATCH',
          `The token does not belong to ServiceAccount ${expected.serviceAccount} in namespace ${expected.namespace}`,
        ],
  (_, { podName, podUid }) =>
    podName !== undefined && podUid !== undefined
      ? undefined
      : [403, 'POD_CLAIM_MISSING', 'The token is not bound to a pod by name and UID'],
  ({ pod, expected }, { podName }) =>
    pod !== undefined && pod.metadata.name === podName && pod.metadata.namespace === expected.namespace
      ? undefined
      : [403, 'POD_UNKNOWN', `Agent pod ${podName ?? ''} not found in namespace ${expected.namespace}`],
  ({ pod }, { podName, podUid }) =>
    pod?.metadata.uid === podUid ? undefined : [403, 'POD_UID_MISMATCH', `The token was issued to an earlier pod named ${podName ?? ''}`],
  // A terminating pod is accepted: it may have a last status to report.
  ({ pod }) =>
    pod?.status?.phase === 'Succeeded' || pod?.status?.phase === 'Failed'
      ? [403, 'POD_NOT_LIVE', `Pod ${pod.metadata.name} has finished`]
      : undefined,
  ({ request, pod }, { nodeName }) =>
    nodeOf(pod, nodeName) === request.nodeName
      ? undefined
      : [403, 'NODE_MISMATCH', `The token does not belong to a pod on node ${request.nodeName}`],
  ({ request, node }) =>
    node?.metadata.name === request.nodeName && node.metadata.uid !== undefined
      ? undefined
      : [403, 'NODE_UNKNOWN', `Node ${request.nodeName} not found`],
  ({ request, node }, { nodeUid }) =>
    (nodeUid ?? node?.metadata.uid) === node?.metadata.uid && (request.nodeUid ?? node?.metadata.uid) === node?.metadata.uid
      ? undefined
      : [403, 'NODE_UID_MISMATCH', `The UID of node ${request.nodeName} does not match the token or the request`],
];

/** The node of a pod. If the token claims a node, the two must agree. */
function nodeOf(pod: KubePod | undefined, claimed: string | undefined): string | undefined {
  const actual = pod?.spec?.nodeName;
  return claimed === undefined || claimed === actual ? actual : undefined;
}

/** Decides whether the caller with a reviewed token may act for the node that the request names. */
export function authorize(input: AuthorizeInput): Grant | Denial {
  const claims = claimsOf(input.review);
  for (const rule of RULES) {
    const denial = rule(input, claims);
    if (denial !== undefined) return deny(...denial);
  }
  return {
    ok: true,
    node: { name: input.request.nodeName, uid: input.node?.metadata.uid ?? '' },
    pod: { name: claims.podName ?? '', uid: claims.podUid ?? '' },
  };
}
