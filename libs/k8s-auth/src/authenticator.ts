import { createHash } from 'node:crypto';
import { KubeApiError, paths, type KubeClient } from '@brupop/kube-runtime';
import type { Clock } from '@brupop/ports';
import {
  authorize,
  claimsOf,
  type ExpectedCaller,
  type Grant,
  type TokenNode,
  type TokenPod,
  type TokenReviewStatus,
} from './authorize.ts';
import { deny, parseCredentials, tokenExpiryMs, type Credentials, type Denial } from './credentials.ts';
import { ExpiringCache } from './expiring-cache.ts';
import { Slots } from './slots.ts';

/** What {@link createAuthenticator} needs. */
export interface AuthenticatorOptions extends ExpectedCaller {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Finds the agent pod of this name in `namespace`: in a cache, else by asking. Undefined if there is none; rejects when it cannot tell. */
  readonly findPod: (name: string, signal: AbortSignal) => TokenPod | undefined | Promise<TokenPod | undefined>;
  /** Finds the Node of this name, likewise. */
  readonly findNode: (name: string, signal: AbortSignal) => TokenNode | undefined | Promise<TokenNode | undefined>;
  /** How long an accepted token is not reviewed again, 15 minutes by default. Its pod and node are looked up each time all the same. */
  readonly cacheTtlMs?: number;
  /** How long a rejected token stays rejected, 10 s by default. */
  readonly negativeTtlMs?: number;
}

/** Tells whether the holder of a token is the agent of a node. */
export interface Authenticator {
  /** Never rejects but when `signal` aborts; never logs, keeps or tells the token. */
  authenticate(credentials: Credentials, signal: AbortSignal): Promise<Grant | Denial>;
}

// What else could end a token, its pod's end, is seen at once; a review for each agent every few minutes would be most of what a resting fleet asks.
const DEFAULT_TTL_MS = 15 * 60_000;
const DEFAULT_NEGATIVE_TTL_MS = 10_000;
const CAPACITY = 20_000;
const REVIEW_TIMEOUT_MS = 10_000;
// Each is a connection to the Kubernetes API, and anyone may ask for one.
const MOST_REVIEWS = 50;

/** The authenticator of the apiserver: a TokenReview, then {@link authorize}. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { client, clock, audience, findPod, findNode } = options;
  const reviews = new ExpiringCache<TokenReviewStatus>(clock, CAPACITY);
  const underWay = new Map<string, Promise<TokenReviewStatus>>();
  const slots = new Slots(MOST_REVIEWS);

  /** One review at a time for each token, whoever asks; that one caller hangs up does not end it for the others. */
  const reviewOnce = (token: string): Promise<TokenReviewStatus> => {
    const key = createHash('sha256').update(token).digest('base64');
    const known = reviews.get(key);
    if (known !== undefined) return Promise.resolve(known);
    const pending = underWay.get(key);
    if (pending !== undefined) return pending;
    const review = slots
      .run(() => reviewToken(client, token, audience))
      .then((status) => {
        reviews.set(key, status, ttlOf(status, token, options));
        return status;
      })
      .finally(() => underWay.delete(key));
    underWay.set(key, review);
    return review;
  };

  return {
    async authenticate(credentials, signal) {
      const request = parseCredentials(credentials);
      if (!request.ok) return request;
      try {
        const review = await unlessAborted(reviewOnce(request.token), signal);
        if (review.authenticated !== true && (tokenExpiryMs(request.token) ?? Infinity) <= clock.now())
          return deny(401, 'TOKEN_EXPIRED', 'The token has expired');
        const { podName } = claimsOf(review);
        // What the review alone denies is denied without a look-up: a stranger's token must cost no more than its review.
        const first = authorize({ review, request, expected: options, pod: undefined, node: undefined });
        if (!first.ok && first.code !== 'POD_UNKNOWN') return first;
        const pod = podName === undefined ? undefined : await findPod(podName, signal);
        const node = pod === undefined ? undefined : await findNode(request.nodeName, signal);
        return authorize({ review, request, expected: options, pod, node });
      } catch (error) {
        signal.throwIfAborted();
        return deny(503, 'KUBERNETES_UNAVAILABLE', `The Kubernetes API could not be asked about the token: ${tellCause(error)}`);
      }
    },
  };
}

function ttlOf(status: TokenReviewStatus, token: string, options: AuthenticatorOptions): number {
  const { clock, cacheTtlMs = DEFAULT_TTL_MS, negativeTtlMs = DEFAULT_NEGATIVE_TTL_MS } = options;
  if (status.authenticated !== true) return negativeTtlMs;
  // An accepted token must not outlive its own end here.
  return Math.min(cacheTtlMs, (tokenExpiryMs(token) ?? Infinity) - clock.now());
}

async function reviewToken(client: KubeClient, token: string, audience: string): Promise<TokenReviewStatus> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, audiences: [audience] } };
  const { status } = await client.request<{ status?: TokenReviewStatus }>('POST', paths.tokenReviews(), {
    body,
    signal: new AbortController().signal,
    timeoutMs: REVIEW_TIMEOUT_MS,
  });
  return status ?? {};
}

/** Only what surely does not hold the token: an error's message may quote the request. */
function tellCause(error: unknown): string {
  return error instanceof KubeApiError ? `status ${error.status} ${error.reason}` : 'no answer';
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}
