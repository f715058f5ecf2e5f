import { KubeApiError, type KubeClient } from '@brupop/kube-runtime';
import type { Clock } from '@brupop/ports';
import type { KubeNode, KubePod } from '@brupop/kube-objects';
import { authorize, claimsOf, type ExpectedCaller, type Grant } from './authorize.ts';
import { deny, parseCredentials, type Credentials, type Denial } from './credentials.ts';
import { NoTurn } from './review-queue.ts';
import { createReviewer } from './review-tokens.ts';
import { claimedIdentity } from './token-claims.ts';

/** What {@link createAuthenticator} needs. */
export interface AuthenticatorOptions extends ExpectedCaller {
  readonly client: KubeClient;
  readonly clock: Clock;
  /**
   * Finds the agent pod of this name in `namespace`, in a cache or in the API. Undefined if it does not exist; rejects if that is unknown.
   */
  readonly findPod: (name: string, signal: AbortSignal) => KubePod | undefined | Promise<KubePod | undefined>;
  /** Finds the Node of this name, likewise. */
  readonly findNode: (name: string, signal: AbortSignal) => KubeNode | undefined | Promise<KubeNode | undefined>;
  /** The agent pod of this name in a cache. Tokens that seem to be of such a pod are reviewed first. By default, no caller is known. */
  readonly knownPod?: (name: string) => KubePod | undefined;
  /** How long an accepted token is not reviewed again, 20 minutes by default. Its pod and node are still looked up each time. */
  readonly cacheTtlMs?: number;
  /** How long a rejected token stays rejected, 10 s by default. */
  readonly negativeTtlMs?: number;
}

/** Decides whether a caller is the agent of a node. */
export interface Authenticator {
  /** Rejects only when `signal` aborts; never logs, stores or returns the token. */
  authenticate(credentials: Credentials, signal: AbortSignal): Promise<Grant | Denial>;
}

/** The authenticator of the apiserver: a TokenReview, then {@link authorize}. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { clock, findPod, findNode } = options;
  const reviewer = createReviewer(options);

  return {
    async authenticate(credentials, signal) {
      const request = parseCredentials(credentials);
      if (!request.ok) return request;
      try {
        const review = await reviewer.review(request, credentials.source ?? '', signal);
        if (review.authenticated !== true && (claimedIdentity(request.token).expiryMs ?? Infinity) <= clock.now())
          return deny(401, 'TOKEN_EXPIRED', 'The token has expired');
        const { podName } = claimsOf(review);
        // Without a lookup if the review alone denies: an unknown caller's token must cost no more than its review.
        const first = authorize({ review, request, expected: options, pod: undefined, node: undefined });
        if (!first.ok && first.code !== 'POD_UNKNOWN') return first;
        const pod = podName === undefined ? undefined : await findPod(podName, signal);
        const node = pod === undefined ? undefined : await findNode(request.nodeName, signal);
        return authorize({ review, request, expected: options, pod, node });
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof NoTurn) return deny(503, 'REVIEWS_BUSY', 'Too many token reviews are pending; try again later');
        return deny(503, 'KUBERNETES_UNAVAILABLE', `The Kubernetes API did not review the token: ${causeOf(error)}`);
      }
    },
  };
}

/** Describes an error without its message, which may quote the request and so the token. */
function causeOf(error: unknown): string {
  return error instanceof KubeApiError ? `status ${error.status} ${error.reason}` : 'no response';
}
