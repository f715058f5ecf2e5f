import { beforeEach, describe, expect, test } from '@jest/globals';
import { KubeApiError, type KubeClient } from '@brupop/kube-runtime';
import { sleep, VirtualClock } from '@brupop/ports';
import { createAuthenticator, type Authenticator } from './authenticator.ts';
import type { KubePod, TokenReviewStatus } from '@brupop/kube-objects';

const accepted: TokenReviewStatus = {
  authenticated: true,
  audiences: ['brupop-apiserver'],
  user: {
    username: 'system:serviceaccount:brupop:agent',
    extra: { 'authentication.kubernetes.io/pod-name': ['agent-x'], 'authentication.kubernetes.io/pod-uid': ['pod-1'] },
  },
};
const { signal } = new AbortController();
const request = { token: 'secret-token', nodeName: 'node-1' };
/** A token that claims to be of the agent's pod on node-1. */
const agentToken = (jti: string): string => {
  const claims = {
    jti,
    aud: ['brupop-apiserver'],
    sub: 'system:serviceaccount:brupop:agent',
    'kubernetes.io': { pod: { name: 'agent-x', uid: 'pod-1' } },
  };
  return `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
};
const jwtUntil = (seconds: number): string => `h.${Buffer.from(JSON.stringify({ exp: seconds })).toString('base64url')}.s`;

let clock: VirtualClock;
let pod: KubePod | undefined;
/** The lookup of a pod. */
let findPod: () => KubePod | undefined;
/** The response of the Kubernetes API to a TokenReview. */
let answer: () => Promise<TokenReviewStatus>;
let reviews: unknown[];
let authenticator: Authenticator;

beforeEach(() => {
  clock = new VirtualClock();
  pod = { metadata: { name: 'agent-x', namespace: 'brupop', uid: 'pod-1' }, spec: { nodeName: 'node-1' }, status: { phase: 'Running' } };
  findPod = () => pod;
  answer = () => Promise.resolve(accepted);
  reviews = [];
  const client: KubeClient = {
    request: async <T>(_method: string, path: string, { body }: { body?: unknown }): Promise<T> => {
      reviews.push([path, body]);
      return { status: await answer() } as T;
    },
    stream: () => Promise.reject(new Error('not used')),
  };
  authenticator = createAuthenticator({
    client,
    clock,
    namespace: 'brupop',
    serviceAccount: 'agent',
    audience: 'brupop-apiserver',
    knownPod: (name) => (name === pod?.metadata.name ? pod : undefined),
    findPod: () => findPod(),
    findNode: (name) => Promise.resolve(name === 'node-1' ? { metadata: { name, uid: 'uid-1' } } : undefined),
  });
});

const ask = (changes: object = {}): ReturnType<Authenticator['authenticate']> =>
  authenticator.authenticate({ ...request, ...changes }, signal);

describe(createAuthenticator, () => {
  test('reviews the token for our audience and accepts the agent', async () => {
    await expect(ask()).resolves.toMatchObject({ ok: true, node: { name: 'node-1', uid: 'uid-1' } });
    expect(reviews).toEqual([
      [
        '/apis/authentication.k8s.io/v1/tokenreviews',
        { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: 'secret-token', audiences: ['brupop-apiserver'] } },
      ],
    ]);
  });

  test('sends no review for malformed credentials', async () => {
    await expect(ask({ nodeName: 'a/b' })).resolves.toMatchObject({ status: 403, code: 'NODE_NAME_INVALID' });
    expect(reviews).toEqual([]);
  });

  test('caches an accepted token for 20 minutes', async () => {
    await ask();
    await clock.advance(1_199_000);
    await ask();
    expect(reviews).toHaveLength(1);
    await clock.advance(2_000);
    await ask();
    expect(reviews).toHaveLength(2);
  });

  test('removes an accepted token from the cache when it expires', async () => {
    const token = jwtUntil(clock.now() / 1000 + 60);
    await ask({ token });
    await clock.advance(61_000);
    answer = () => Promise.resolve({ authenticated: false });
    await expect(ask({ token })).resolves.toMatchObject({ status: 401, code: 'TOKEN_EXPIRED' });
  });

  test('lets the Kubernetes API decide whether a token has expired, not our clock', async () => {
    await expect(ask({ token: jwtUntil(clock.now() / 1000 - 60) })).resolves.toMatchObject({ ok: true });
  });

  test('denies an unknown caller by the review alone, even if no pod can be looked up', async () => {
    answer = () => Promise.resolve({ ...accepted, user: { ...accepted.user, username: 'system:serviceaccount:shop:web' } });
    findPod = () => {
      throw new Error('the pods cannot be listed');
    };
    await expect(ask()).resolves.toMatchObject({ status: 403, code: 'SERVICE_ACCOUNT_MISMATCH' });
  });

  test('caches a rejected token for 10 seconds', async () => {
    answer = () => Promise.resolve({ authenticated: false, error: 'no' });
    await expect(ask()).resolves.toMatchObject({ status: 401, code: 'TOKEN_REJECTED' });
    answer = () => Promise.resolve(accepted);
    await expect(ask()).resolves.toMatchObject({ status: 401 });
    await clock.advance(11_000);
    await expect(ask()).resolves.toMatchObject({ ok: true });
  });

  test('denies a cached token as soon as its pod is deleted', async () => {
    await ask();
    pod = undefined;
    await expect(ask()).resolves.toMatchObject({ status: 403, code: 'POD_UNKNOWN' });
  });

  test('checks the node of each request, even for a cached token', async () => {
    await ask();
    await expect(ask({ nodeName: 'node-2' })).resolves.toMatchObject({ status: 403, code: 'NODE_MISMATCH' });
    await expect(ask({ nodeUid: 'uid-0' })).resolves.toMatchObject({ status: 403, code: 'NODE_UID_MISMATCH' });
  });

  test('reviews a token once for concurrent callers', async () => {
    const verdicts = await Promise.all([ask(), ask(), ask()]);
    expect([verdicts.map(({ ok }) => ok), reviews.length]).toEqual([[true, true, true], 1]);
  });

  test.each([
    { name: 'fails', error: new KubeApiError(500, 'InternalError', 'body was secret-token'), cause: 'status 500 InternalError' },
    { name: 'cannot be reached', error: new Error('connect secret-token'), cause: 'no response' },
  ])(
    'responds with 503 and the cause, without the token, when the Kubernetes API $name, and retries for the next request',
    async ({ error, cause }) => {
      answer = () => Promise.reject(error);
      const verdict = await ask();
      expect(verdict).toMatchObject({ status: 503, code: 'KUBERNETES_UNAVAILABLE' });
      expect(JSON.stringify(verdict)).toContain(`did not review the token: ${cause}`);
      expect(JSON.stringify(verdict)).not.toContain('secret-token');
      answer = () => Promise.resolve(accepted);
      await expect(ask()).resolves.toMatchObject({ ok: true });
    },
  );

  test('reviews at most 50 tokens at a time, and the others in turn', async () => {
    let running = 0;
    let most = 0;
    answer = async () => {
      most = Math.max(most, ++running);
      await sleep(clock, 1_000);
      running--;
      if (reviews.length % 2 === 0) throw new Error('a failure must not keep a slot');
      return accepted;
    };
    const verdicts: unknown[] = [];
    // Each from a different address, like as many agents.
    const askFor = (at: number): void =>
      void ask({ token: agentToken(String(at)), source: String(at) }).then((verdict) => verdicts.push(verdict));
    for (let at = 0; at < 120; at++) askFor(at);
    await clock.advance(3_000);
    expect([verdicts.length, most]).toEqual([120, 50]);
    // Every slot was released.
    for (let at = 120; at < 170; at++) askFor(at);
    await clock.advance(1_000);
    expect([verdicts.length, most]).toEqual([170, 50]);
  });

  test('lets a caller disconnect while others still wait for the review', async () => {
    let review: (status: TokenReviewStatus) => void = () => undefined;
    answer = () => new Promise((resolve) => (review = resolve));
    const caller = new AbortController();
    const leaving = authenticator.authenticate(request, caller.signal);
    const staying = ask();
    caller.abort(new Error('gone'));
    await expect(leaving).rejects.toThrow('gone');
    review(accepted);
    await expect(staying).resolves.toMatchObject({ ok: true });
  });

  describe('while 20,000 unknown callers send requests and disconnect, and each review takes a second', () => {
    let callers: AbortController[];
    let answered: { status?: number; code?: string }[];
    beforeEach(async () => {
      answered = [];
      callers = [];
      answer = async () => {
        const isUnknown = reviews.length <= 20;
        await sleep(clock, 1_000);
        return isUnknown ? { authenticated: false } : accepted;
      };
      for (let at = 0; at < 20_000; at++) {
        const token = `unknown-${String(at)}`;
        const caller = new AbortController();
        callers.push(caller);
        authenticator.authenticate({ ...request, token, source: String(at % 100) }, caller.signal).then(
          (verdict) => answered.push(verdict.ok ? {} : verdict),
          () => undefined,
        );
      }
      await clock.advance(0);
    });

    test('a full queue rejects immediately, and disconnected callers leave it', async () => {
      expect(answered).toHaveLength(20_000 - 20 - 256);
      expect(answered[0]).toMatchObject({ status: 503, code: 'REVIEWS_BUSY' });
      for (const caller of callers) caller.abort(new Error('gone'));
      await clock.advance(60_000);
      expect(reviews).toHaveLength(20);
    });

    test('an agent is reviewed immediately', async () => {
      const begunMs = clock.monotonic();
      const verdict = ask({ token: agentToken('a'), source: '10.0.0.1' });
      await clock.advance(1_000);
      await expect(verdict).resolves.toMatchObject({ ok: true });
      expect(clock.monotonic() - begunMs).toBe(1_000);
    });

    test('forged claims to be the agent on that node do not delay the agent', async () => {
      answer = () => sleep(clock, 1_000).then(() => accepted);
      for (let at = 0; at < 500; at++) void ask({ token: agentToken(`forged-${String(at)}`), source: '10.9.9.9' });
      const verdict = ask({ token: agentToken('a'), source: '10.0.0.1' });
      await clock.advance(3_000);
      await expect(verdict).resolves.toMatchObject({ ok: true });
    });
  });

  test('rejected tokens do not evict accepted ones from their cache', async () => {
    await ask();
    answer = () => Promise.resolve({ authenticated: false });
    for (let at = 0; at < 30_000; at++) await ask({ token: `garbage-${String(at)}` });
    const before = reviews.length;
    await expect(ask()).resolves.toMatchObject({ ok: true });
    expect(reviews).toHaveLength(before);
  });
});
