import { createHash } from 'node:crypto';
import { paths, type KubeClient } from '@brupop/kube-runtime';
import { unlessAborted, type Clock } from '@brupop/ports';
import type { KubePod, TokenReviewStatus } from '@brupop/kube-objects';
import type { ExpectedCaller } from './authorize.ts';
import type { WellFormed } from './credentials.ts';
import { ExpiringCache } from './expiring-cache.ts';
import { ReviewQueue, type Lane, type QueueLimits, type Turn } from './review-queue.ts';
import { claimedIdentity } from './token-claims.ts';

interface ReviewerOptions extends ExpectedCaller {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly knownPod?: ((name: string) => KubePod | undefined) | undefined;
  readonly cacheTtlMs?: number;
  readonly negativeTtlMs?: number;
}

/** Reviews tokens with the Kubernetes API. */
export interface Reviewer {
  /**
   * The review of a token, possibly from the cache.
   * @throws the signal's reason when it aborts; `NoTurn` if too many reviews wait, or the wait was too long; as the client does
   */
  review(request: WellFormed, source: string, signal: AbortSignal): Promise<TokenReviewStatus>;
}

// The other event that invalidates a token, the deletion of its pod, is observed immediately. A review per agent every few minutes would be
// most of the requests of an idle fleet.
const DEFAULT_TTL_MS = 20 * 60_000;
const DEFAULT_NEGATIVE_TTL_MS = 10_000;
const LIMITS: QueueLimits = {
  running: 50,
  runningForUnknown: 20,
  waiting: { known: 4_096, unknown: 256 },
  waitingOfSource: { known: 4, unknown: 16 },
  waitMs: 10_000,
};
// Four times the largest fleet. Rejected tokens have a separate cache, so that garbage does not evict the tokens of agents.
const MOST_ACCEPTED = 20_000;
const MOST_REJECTED = 2_000;
const EXTRA = ['pod-name', 'pod-uid', 'node-name', 'node-uid'].map((key) => `authentication.kubernetes.io/${key}`);
const LONGEST_KEPT = 512;

interface Pending {
  readonly status: Promise<TokenReviewStatus>;
  readonly turn: Turn;
  callers: number;
}

/** Reviews each token once for all its callers, and caches the result. A review whose callers have all disconnected leaves the queue. */
export function createReviewer(options: ReviewerOptions): Reviewer {
  const { client, clock, audience } = options;
  const accepted = new ExpiringCache<TokenReviewStatus>(clock, MOST_ACCEPTED);
  const rejected = new ExpiringCache<TokenReviewStatus>(clock, MOST_REJECTED);
  const pending = new Map<string, Pending>();
  const queue = new ReviewQueue(clock, LIMITS);

  const forget = (key: string, review: Pending): void => {
    if (pending.get(key) === review) pending.delete(key);
  };
  const begin = (key: string, request: WellFormed, source: string): Pending => {
    const lane = laneOf(request, options);
    const { podUid = '' } = lane === 'known' ? claimedIdentity(request.token) : {};
    const turn = queue.enter(lane, `${podUid} ${source}`);
    const status = turn.begun
      .then(() => reviewToken(client, request.token, audience))
      .then((reviewed) => {
        const kept = essence(reviewed);
        const cache = isOfOurs(kept, options) ? accepted : rejected;
        cache.set(key, kept, ttlOf(kept, request.token, options));
        return kept;
      })
      .finally(() => {
        turn.end();
        forget(key, review);
      });
    const review: Pending = { status, turn, callers: 0 };
    pending.set(key, review);
    return review;
  };

  return {
    async review(request, source, signal) {
      signal.throwIfAborted();
      const key = createHash('sha256').update(request.token).digest('base64');
      const known = accepted.get(key) ?? rejected.get(key);
      if (known !== undefined) return known;
      const review = pending.get(key) ?? begin(key, request, source);
      review.callers++;
      try {
        const status = await unlessAborted(review.status, signal);
        if (status === undefined) throw signal.reason;
        return status;
      } finally {
        // A running review is completed: its result serves later callers with the same token, and to abort it would only make room for more
        // reviews.
        if (--review.callers === 0 && review.turn.leave()) forget(key, review);
      }
    },
  };
}

/** `known` if the token claims to be of an existing agent pod on the node that the request names. */
function laneOf({ token, nodeName }: WellFormed, { knownPod, namespace, serviceAccount, audience }: ReviewerOptions): Lane {
  const { subject, audiences, podName, podUid } = claimedIdentity(token);
  if (podName === undefined || podUid === undefined || !audiences.includes(audience)) return 'unknown';
  if (subject !== `system:serviceaccount:${namespace}:${serviceAccount}`) return 'unknown';
  const pod = knownPod?.(podName);
  return pod?.metadata.uid === podUid && pod.spec?.nodeName === nodeName ? 'known' : 'unknown';
}

function isOfOurs({ authenticated, user }: TokenReviewStatus, { namespace, serviceAccount }: ReviewerOptions): boolean {
  return authenticated === true && user?.username === `system:serviceaccount:${namespace}:${serviceAccount}`;
}

/** What the decision needs of a review; the rest, such as groups, can be long. */
function essence({ authenticated, user, audiences }: TokenReviewStatus): TokenReviewStatus {
  const extra = EXTRA.flatMap((key): [string, readonly string[]][] => {
    const values = user?.extra?.[key];
    return values === undefined ? [] : [[key, values.slice(0, 2).map((value) => value.slice(0, LONGEST_KEPT))]];
  });
  return {
    ...(authenticated === undefined ? {} : { authenticated }),
    ...(audiences === undefined ? {} : { audiences: audiences.slice(0, 16).map((one) => one.slice(0, LONGEST_KEPT)) }),
    ...(user === undefined ? {} : { user: { username: (user.username ?? '').slice(0, LONGEST_KEPT), extra: Object.fromEntries(extra) } }),
  };
}

function ttlOf(status: TokenReviewStatus, token: string, options: ReviewerOptions): number {
  const { clock, cacheTtlMs = DEFAULT_TTL_MS, negativeTtlMs = DEFAULT_NEGATIVE_TTL_MS } = options;
  if (status.authenticated !== true) return negativeTtlMs;
  // An accepted token must not stay in the cache after it expires.
  return Math.min(cacheTtlMs, (claimedIdentity(token).expiryMs ?? Infinity) - clock.now());
}

async function reviewToken(client: KubeClient, token: string, audience: string): Promise<TokenReviewStatus> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, audiences: [audience] } };
  const { status } = await client.request<{ status?: TokenReviewStatus }>('POST', paths.tokenReviews(), {
    body,
    // Without a deadline of our own: otherwise a slow API server would complete no review at all.
    signal: new AbortController().signal,
  });
  return status ?? {};
}
