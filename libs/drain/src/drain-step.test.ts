import { describe, expect, test } from '@jest/globals';
import { KubeApiError, type KubeClient } from '@brupop/kube-runtime';
import { memoryLogger, sleep, VirtualClock } from '@brupop/ports';
import { describeDrain, drainStep, type DrainResult, type DrainStepOptions } from './drain-step.ts';
import type { DrainPod } from './pod.ts';
import { createRemovals } from './removals.ts';

type Answer = 'accept' | 'hang' | KubeApiError | Error;

const budget = new KubeApiError(429, 'TooManyRequests', 'Cannot evict.', {
  details: { causes: [{ reason: 'DisruptionBudget', message: 'The disruption budget web needs 2 healthy pods and has 2 currently' }] },
});
const blocked = (pod: string): string => `PodDisruptionBudget shop/web allows no disruption of pod shop/${pod}`;

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });

/** A node whose pods go `graceMs` after their eviction was accepted. */
class FakeNode {
  readonly clock = new VirtualClock();
  readonly pods = new Map<string, DrainPod>();
  graceMs = 2_000;
  lists = 0;
  /** What each list asked for. */
  readonly queries: unknown[] = [];
  watches = 0;
  /** Every event, for watches that begin at an earlier list. */
  readonly events: string[] = [];
  readonly openWatches = new Set<(line: string | undefined) => void>();
  readonly answers = new Map<string, Answer>();
  /** How long an answer takes; 10 ms by default. */
  readonly answerMs = new Map<string, number>();
  readonly asked: string[] = [];
  underWay = 0;
  mostUnderWay = 0;
  list: () => Promise<unknown> = () =>
    Promise.resolve({ metadata: { resourceVersion: String(this.events.length) }, items: [...this.pods.values()] });
  /** What befalls a watch that is to be opened. */
  watch: () => Promise<void> = () => Promise.resolve();

  readonly client: KubeClient = {
    request: async <T>(
      method: string,
      path: string,
      { signal, body, query }: { signal: AbortSignal; body?: unknown; query?: unknown },
    ): Promise<T> => {
      if (method === 'GET') {
        this.lists++;
        this.queries.push(query);
        return (await Promise.race([this.list(), aborted(signal)])) as T;
      }
      const name = path.split('/')[6] ?? '';
      const dryRun = (body as { deleteOptions?: { dryRun?: unknown } } | undefined)?.deleteOptions?.dryRun !== undefined;
      this.asked.push(`${method} ${name}${dryRun ? ' (dry run)' : ''}`);
      this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
      try {
        await new Promise<void>((resolve, reject) => {
          const answer = this.answers.get(name) ?? 'accept';
          signal.addEventListener('abort', () => {
            reject(signal.reason as Error);
          });
          if (answer === 'hang') return;
          this.clock.setTimer(this.answerMs.get(name) ?? 10, () => {
            if (answer instanceof Error) reject(answer);
            else resolve();
          });
        });
      } finally {
        this.underWay--;
      }
      if (!dryRun) this.#terminate(name);
      return {} as T;
    },
    stream: async (_path, { resourceVersion, fieldSelector }, signal) => {
      this.watches++;
      this.queries.push({ fieldSelector });
      await Promise.race([this.watch(), aborted(signal)]);
      return {
        status: 200,
        headers: {},
        chunks: this.#lines(Number(resourceVersion), signal),
        text: () => Promise.reject(new Error('not used')),
      };
    },
  };

  async *#lines(from: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const pending: (string | undefined)[] = this.events.slice(from);
    let wake = (): void => undefined;
    const send = (line: string | undefined): void => {
      pending.push(line);
      wake();
    };
    this.openWatches.add(send);
    signal.addEventListener('abort', () => {
      send(undefined);
    });
    try {
      for (;;) {
        for (let line = pending.shift(); line !== undefined; line = pending.shift()) yield Buffer.from(`${line}\n`);
        if (signal.aborted) throw signal.reason as Error;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.openWatches.delete(send);
    }
  }

  sendEvent(type: string, pod: DrainPod): void {
    this.events.push(JSON.stringify({ type, object: pod }));
    for (const send of this.openWatches) send(this.events.at(-1));
  }

  remove(name: string): void {
    const pod = this.pods.get(name);
    this.pods.delete(name);
    if (pod !== undefined) this.sendEvent('DELETED', pod);
    if (pod !== undefined) this.onRemoved(name);
  }

  onRemoved: (name: string) => void = () => undefined;

  add(name: string, extra: Partial<DrainPod['metadata']> = {}, spec: DrainPod['spec'] = this.pods.get(name)?.spec ?? {}): this {
    const pod = {
      metadata: { ...this.pods.get(name)?.metadata, name, namespace: 'shop', uid: `uid-${name}`, ...extra },
      spec: { nodeName: 'node-1', ...spec },
      status: { phase: 'Running' },
    };
    this.pods.set(name, pod);
    this.sendEvent('MODIFIED', pod);
    return this;
  }

  #terminate(name: string): void {
    this.add(name, { deletionTimestamp: new Date(this.clock.now() + this.graceMs).toISOString() });
    this.clock.setTimer(this.graceMs, () => {
      this.remove(name);
    });
  }

  async step(options: Partial<DrainStepOptions> = {}): Promise<DrainResult> {
    let result: DrainResult | undefined;
    let failure: unknown;
    const sinceMs = this.clock.now();
    const policy = { timeoutMs: 900_000, onTimeout: 'skip' } as const;
    const { signal } = new AbortController();
    drainStep({
      client: this.client,
      clock: this.clock,
      log: memoryLogger(),
      nodeName: 'node-1',
      sinceMs,
      policy,
      signal,
      ...options,
    }).then(
      (value) => (result = value),
      (error: unknown) => (failure = error),
    );
    await this.clock.advanceUntil(() => result !== undefined || failure !== undefined, 120_000);
    if (result === undefined) throw failure;
    return result;
  }
}

/** Makes each watch send this line after half a second. */
const sendingLine =
  (line: string) =>
  (node: FakeNode): void => {
    node.clock.setTimer(500, () => {
      for (const send of node.openWatches) send(line);
    });
  };

const reasons = (result: DrainResult): string[] =>
  result.kind === 'done' ? [] : result.waiting.map(({ name, reason }) => `${name} ${reason}`);

describe(drainStep, () => {
  test('is done with an empty node', async () => {
    expect(await new FakeNode().step()).toEqual({ kind: 'done', evicted: 0 });
  });

  test('evicts all and is done only when all are gone', async () => {
    const node = new FakeNode().add('a').add('b');
    expect(await node.step()).toEqual({ kind: 'done', evicted: 2 });
    expect(node.pods.size).toBe(0);
  });

  test('evicts a pod that came to the node meanwhile', async () => {
    const node = new FakeNode().add('a');
    node.clock.setTimer(700, () => node.add('late'));
    expect(await node.step()).toEqual({ kind: 'done', evicted: 2 });
  });

  test('ends within its time, and names the blocking budget first', async () => {
    const node = new FakeNode().add('a').add('db');
    node.answers.set('db', budget);
    node.add('old', { deletionTimestamp: '2027-01-01T00:00:00Z' });
    const result = await node.step();
    expect(node.clock.monotonic()).toBeLessThanOrEqual(10_000);
    expect(reasons(result)).toEqual(['db blocked', 'old terminating']);
    expect(describeDrain(result)).toBe(`Draining, 1 pod evicted in this step, waiting for 2 pods: ${blocked('db')}`);
  });

  test('evicts the rest while many pods are blocked or never answered', async () => {
    const node = new FakeNode();
    for (let index = 0; index < 12; index++) {
      node.add(`blocked-${index}`).answers.set(`blocked-${index}`, budget);
      node.add(`free-${index}`);
    }
    node.add('hanging').answers.set('hanging', 'hang');
    const result = await node.step({ concurrency: 3 });
    expect(result.evicted).toBe(12);
    expect(node.mostUnderWay).toBeLessThanOrEqual(3);
    expect(node.clock.monotonic()).toBeLessThanOrEqual(10_000);
  });

  test.each<{ name: string; answer: Answer; expected: string }>([
    { name: 'a server error is retried', answer: new KubeApiError(500, 'InternalError', 'x'), expected: 'a retrying' },
    { name: 'a lost connection is retried', answer: new Error('reset'), expected: 'a retrying' },
    { name: 'an eviction without answer is waited for', answer: 'hang', expected: 'a pending' },
    { name: 'a missing permission is reported', answer: new KubeApiError(403, 'Forbidden', 'x'), expected: 'a refused' },
    {
      name: 'a namespace that is being deleted is waited for',
      answer: new KubeApiError(403, 'Forbidden', 'x', { details: { causes: [{ reason: 'NamespaceTerminating' }] } }),
      expected: 'a terminating',
    },
    { name: '404 does not count while the list still has the pod', answer: new KubeApiError(404, 'NotFound', 'x'), expected: 'a pending' },
  ])('$name, and is no success', async ({ answer, expected }) => {
    const node = new FakeNode().add('a');
    node.answers.set('a', answer);
    const result = await node.step();
    expect([result.kind, result.evicted, ...reasons(result)]).toEqual(['waiting', 0, expected]);
  });

  test('an eviction that takes longer than a step is completed, and requested once', async () => {
    const node = new FakeNode().add('a');
    node.answerMs.set('a', 25_000);
    const removals = createRemovals(node);
    const steps = [await node.step({ removals }), await node.step({ removals })];
    expect(steps.map(reasons)).toEqual([['a pending'], ['a pending']]);
    expect(describeDrain(steps[0] as DrainResult)).toContain('The API server has not answered the eviction of pod shop/a yet');
    expect(await node.step({ removals })).toMatchObject({ kind: 'done' });
    expect(node.asked).toEqual(['POST a']);
  });

  test('an eviction continues after its caller has disconnected', async () => {
    const node = new FakeNode().add('a');
    node.answerMs.set('a', 5_000);
    const gone = new AbortController();
    node.clock.setTimer(1_000, () => {
      gone.abort(new Error('the agent has gone'));
    });
    await expect(node.step({ signal: gone.signal })).rejects.toThrow('the agent has gone');
    await node.clock.advance(10_000);
    expect(node.pods.size).toBe(0);
  });

  test('a refusal between two steps is reported by the next step, which does not retry the eviction', async () => {
    const node = new FakeNode().add('a');
    node.answers.set('a', new KubeApiError(403, 'Forbidden', 'not during office hours'));
    node.answerMs.set('a', 12_000);
    const removals = createRemovals(node);
    await node.step({ removals });
    await node.clock.advance(5_000);
    expect(reasons(await node.step({ removals, budgetMs: 1_000 }))).toEqual(['a refused']);
    expect(node.asked).toEqual(['POST a']);
  });

  test.each([
    { seconds: 30, tries: 20 },
    { seconds: 3_600, tries: 10 },
  ])('asks no sooner than after the $seconds s of a Retry-After, but once a minute: $tries times in 10 min', async ({ seconds, tries }) => {
    const node = new FakeNode().add('a');
    node.answers.set('a', new KubeApiError(429, 'TooManyRequests', 'later', { retryAfterMs: seconds * 1_000 }));
    const removals = createRemovals(node);
    while (node.clock.monotonic() < 600_000) {
      const result = await node.step({ removals });
      expect(reasons(result)).toEqual(['a retrying']);
      expect(result).toHaveProperty('askAgainMs');
    }
    expect(Math.abs(node.asked.length - tries)).toBeLessThanOrEqual(1);
  });

  test('force does not wait for the Retry-After of an eviction', async () => {
    const node = new FakeNode().add('a');
    node.answers.set('a', new KubeApiError(429, 'TooManyRequests', 'later', { retryAfterMs: 60_000 }));
    const removals = createRemovals(node);
    await node.step({ removals });
    node.answers.delete('a');
    expect(await node.step({ removals, sinceMs: 0, policy: { timeoutMs: 1, onTimeout: 'force' } })).toMatchObject({ kind: 'done' });
    expect(node.asked).toEqual(['POST a', 'DELETE a']);
  });

  test('a timeout aborts evictions without an answer', async () => {
    const node = new FakeNode().add('a');
    node.answerMs.set('a', 25_000);
    const removals = createRemovals(node);
    await node.step({ removals });
    expect((await node.step({ removals, sinceMs: 0, policy: { timeoutMs: 1, onTimeout: 'skip' } })).kind).toBe('timedOut');
    await node.clock.advance(60_000);
    expect(node.pods.get('a')?.metadata.deletionTimestamp).toBeUndefined();
  });

  test('waits for a slow list, and then still evicts', async () => {
    const node = new FakeNode().add('a');
    const { list } = node;
    node.list = async () => {
      await sleep(node.clock, 40_000);
      return list();
    };
    expect(await node.step()).toMatchObject({ kind: 'done', evicted: 1 });
  });

  test('times out without evicting more, and says what blocks', async () => {
    const node = new FakeNode().add('a');
    node.answers.set('a', budget);
    const result = await node.step({ sinceMs: node.clock.now() - 900_000 });
    const waiting = [{ namespace: 'shop', name: 'a', reason: 'blocked', message: blocked('a') }];
    expect(result).toEqual({ kind: 'timedOut', evicted: 0, waiting });
    expect(describeDrain(result)).toBe(`The drain timed out: ${blocked('a')}`);
    expect(node.asked).toEqual(['POST a (dry run)']);
    expect(node.pods.get('a')?.metadata.deletionTimestamp).toBeUndefined();
  });

  test('is done past the timeout if nothing is left', async () => {
    const node = new FakeNode();
    const result = await node.step({ sinceMs: 0 });
    expect(result).toEqual({ kind: 'done', evicted: 0 });
    expect(describeDrain(result)).toBe('Drained, 0 pods evicted in this step');
  });

  test('deletes past the timeout if the policy is force', async () => {
    const node = new FakeNode().add('a');
    expect(await node.step({ sinceMs: 0, policy: { timeoutMs: 1, onTimeout: 'force' } })).toEqual({ kind: 'done', evicted: 1 });
    expect(node.asked).toEqual(['DELETE a']);
  });

  test.each([
    { name: 'an API that fails', list: () => Promise.reject(new KubeApiError(500, '', 'down')), expected: 'down' },
    { name: 'an API that never answers', list: () => new Promise<never>(() => undefined), expected: 'did not answer within the step' },
    { name: 'an answer that is not a list', list: () => Promise.resolve({}), expected: 'The list of pods holds no items' },
  ])('never takes $name for an empty node', async ({ list, expected }) => {
    const node = new FakeNode().add('a');
    node.list = list;
    await expect(node.step()).rejects.toThrow(expected);
  });

  test('says what it has seen so far if the API server stops answering', async () => {
    const node = new FakeNode().add('a');
    node.answers.set('a', budget);
    node.watch = () => Promise.reject(new KubeApiError(403, 'Forbidden', 'x'));
    node.clock.setTimer(3_000, () => (node.list = () => new Promise<never>(() => undefined)));
    expect(await node.step()).toMatchObject({ kind: 'waiting', waiting: [{ name: 'a', reason: 'blocked' }] });
  });

  test.each([{ graceMs: 0 }, { graceMs: 100 }, { graceMs: 9_000 }])(
    'lists once and watches from there when pods take $graceMs ms to end, and sees it at once',
    async ({ graceMs }) => {
      const node = new FakeNode().add('a').add('b').add('c');
      node.graceMs = graceMs;
      expect(await node.step()).toEqual({ kind: 'done', evicted: 3 });
      expect({ lists: node.lists, watches: node.watches, asked: node.asked.length }).toEqual({ lists: 1, watches: 1, asked: 3 });
      // Not the pods of the whole cluster.
      expect(node.queries).toEqual([{ fieldSelector: 'spec.nodeName=node-1' }, { fieldSelector: 'spec.nodeName=node-1' }]);
      expect(node.clock.monotonic()).toBeLessThanOrEqual(graceMs + 100);
      expect(node.openWatches.size).toBe(0);
    },
  );

  test('observes immediately what happens while it waits for the answer to an eviction', async () => {
    const node = new FakeNode().add('a');
    node.answers.set('slow', new KubeApiError(404, 'NotFound', 'x'));
    node.answerMs.set('slow', 4_000);
    node.clock.setTimer(700, () => node.add('slow'));
    node.clock.setTimer(3_000, () => {
      node.remove('slow');
    });
    expect(await node.step()).toEqual({ kind: 'done', evicted: 1 });
    expect([node.clock.monotonic() <= 4_800, node.lists]).toEqual([true, 1]);
  });

  describe('pods that come back', () => {
    const owned = (kind: string): Partial<DrainPod['metadata']> => ({ ownerReferences: [{ kind, name: 'web', controller: true }] });
    const TOLERATES = { tolerations: [{ operator: 'Exists' }] };
    /** A pod `web-0` that ignores cordons and is created again, under another name, `afterMs` after it has gone. */
    const aReturningNode = (afterMs: number, spec: DrainPod['spec'] = TOLERATES): FakeNode => {
      const node = new FakeNode().add('web-0', owned('ReplicaSet'), spec);
      let count = 0;
      node.onRemoved = () => {
        node.clock.setTimer(afterMs, () => node.add(`web-${String(++count)}`, owned('ReplicaSet'), spec));
      };
      return node;
    };

    test.each([{ afterMs: 0 }, { afterMs: 50 }, { afterMs: 1_900 }])(
      'are evicted once and then left, by name, also if they return after $afterMs ms',
      async ({ afterMs }) => {
        const node = aReturningNode(afterMs);
        const result = await node.step({ presentUids: ['uid-web-0'] });
        expect(result).toEqual({ kind: 'done', evicted: 1, left: [{ pod: 'shop/web-1', controller: 'ReplicaSet shop/web' }] });
        expect(describeDrain(result)).toBe(
          'Drained, 1 pod evicted in this step; left on the node, because they came back despite the cordon: shop/web-1 (ReplicaSet shop/web)',
        );
      },
    );

    test('do not delay the drain if none returns', async () => {
      const node = new FakeNode().add('web-0', owned('ReplicaSet'), TOLERATES);
      expect(await node.step({ presentUids: ['uid-web-0'] })).toEqual({ kind: 'done', evicted: 1 });
      expect(node.clock.monotonic()).toBeLessThanOrEqual(node.graceMs + 2_100);
    });

    test('do not delay the drain if they were never to be evicted', async () => {
      const node = new FakeNode().add('web-0', owned('ReplicaSet'), TOLERATES);
      expect(await node.step({ presentUids: [] })).toMatchObject({ kind: 'done', evicted: 0, left: [{ pod: 'shop/web-0' }] });
      expect([node.asked, node.clock.monotonic()]).toEqual([[], 0]);
    });

    test('are evicted with pauses, and named, if only a scheduler that ignores cordons can have bound them', async () => {
      const node = aReturningNode(50, {});
      node.graceMs = 0;
      node.add('db').answers.set('db', budget);
      const result = await node.step({ presentUids: [] });
      expect(node.asked.filter((request) => request.startsWith('POST web-')).length).toBeLessThanOrEqual(4);
      expect(reasons(result)).toEqual(['db blocked', expect.stringMatching(/^web-\d returning$/)]);
      expect(result.kind === 'done' ? '' : result.waiting[1]?.message).toMatch(
        /^Pod shop\/web-\d is to be evicted, but ReplicaSet shop\/web keeps putting pods on the cordoned node$/,
      );
    });
  });

  test('uses a list from before the cordon as its first, but never as proof that the node is empty', async () => {
    const node = new FakeNode().add('a');
    const listed = { pods: [...node.pods.values()], resourceVersion: String(node.events.length) };
    expect(await node.step({ listed })).toEqual({ kind: 'done', evicted: 1 });
    expect({ lists: node.lists, watches: node.watches }).toEqual({ lists: 0, watches: 1 });
    // Bound by a scheduler between that list and the cordon.
    const late = new FakeNode().add('late');
    expect(await late.step({ listed: { pods: [], resourceVersion: '0' } })).toEqual({ kind: 'done', evicted: 1 });
  });

  test('sees what was bound between the list before the cordon and the cordon, before the last of the others has gone', async () => {
    const node = new FakeNode().add('a');
    const listed = { pods: [...node.pods.values()], resourceVersion: String(node.events.length) };
    node.add('late');
    expect(await node.step({ listed })).toEqual({ kind: 'done', evicted: 2 });
    expect(node.lists).toBe(0);
  });

  test('evicts what came to the node before the last one went', async () => {
    const node = new FakeNode().add('a');
    node.graceMs = 1_000;
    node.clock.setTimer(1_009, () => node.add('late'));
    expect(await node.step()).toEqual({ kind: 'done', evicted: 2 });
  });

  test('lists again if only the passing of time leaves nothing to drain, because the watch may have been silent', async () => {
    const node = new FakeNode().add('server', { labels: { app: 'server' } });
    node.answers.set('server', budget);
    const unseen = { metadata: { name: 'late', namespace: 'shop', uid: 'uid-late' }, spec: { nodeName: 'node-1' } };
    node.clock.setTimer(2_000, () => node.pods.set('late', unseen));
    const last = { namespace: 'shop', labels: { app: 'server' } };
    expect(await node.step({ sinceMs: node.clock.now() - 55_000, last })).toEqual({ kind: 'done', evicted: 1 });
    expect(node.asked).toContain('POST late');
  });

  test.each<{ name: string; break: (node: FakeNode) => void }>([
    { name: 'refused', break: (node) => (node.watch = () => Promise.reject(new KubeApiError(403, 'Forbidden', 'x'))) },
    { name: 'never answered', break: (node) => (node.watch = () => new Promise(() => undefined)) },
    { name: 'cut off', break: sendingLine('{') },
    { name: 'ended by an error', break: sendingLine('{"type":"ERROR","object":{"code":410}}') },
  ])('drains even if the watch is $name', async ({ break: breakWatch }) => {
    const node = new FakeNode().add('a');
    breakWatch(node);
    expect(await node.step()).toEqual({ kind: 'done', evicted: 1 });
    expect(node.clock.monotonic()).toBeLessThanOrEqual(4_100);
  });

  test.each([
    { name: 'soon at first', drainMs: 0, asked: 10 },
    { name: 'later in a drain that has lasted', drainMs: 25_000, asked: 4 },
    { name: 'every five seconds in the end', drainMs: 300_000, asked: 2 },
  ])('asks for a blocked pod again $name, not whenever others end', async ({ drainMs, asked }) => {
    const node = new FakeNode().add('db');
    node.answers.set('db', budget);
    for (let at = 0; at < 10; at++) {
      node.add(`a-${at}`);
      node.clock.setTimer(300 * at, () => {
        node.remove(`a-${at}`);
      });
    }
    await node.step({ sinceMs: node.clock.now() - drainMs });
    expect(node.asked.filter((request) => request === 'POST db')).toHaveLength(asked);
  });

  test('continues about a second after a budget allows the eviction', async () => {
    const node = new FakeNode().add('db');
    node.answers.set('db', budget);
    node.clock.setTimer(3_300, () => node.answers.set('db', 'accept'));
    expect(await node.step()).toEqual({ kind: 'done', evicted: 1 });
    expect(node.clock.monotonic()).toBeLessThanOrEqual(3_300 + 1_100 + node.graceMs);
  });

  test('ends early when it is stopped, and says what it waits for', async () => {
    const node = new FakeNode().add('a');
    node.graceMs = 60_000;
    const stopping = new AbortController();
    node.clock.setTimer(1_000, () => {
      stopping.abort(new Error('shutting down'));
    });
    const result = await node.step({ stop: stopping.signal });
    expect([result.kind, result.evicted, ...reasons(result)]).toEqual(['waiting', 1, 'a terminating']);
    expect(node.clock.monotonic()).toBe(1_000);
    expect(node.openWatches.size).toBe(0);
  });

  test('evicts nothing more once it is stopped, not even pods that have come meanwhile', async () => {
    const node = new FakeNode().add('a');
    node.graceMs = 60_000;
    // Only a list would show what has come, and none is made any more.
    node.watch = () => Promise.reject(new KubeApiError(403, 'Forbidden', 'x'));
    const stopping = new AbortController();
    node.clock.setTimer(1_100, () => node.add('late'));
    node.clock.setTimer(1_200, () => {
      stopping.abort(new Error('shutting down'));
    });
    await node.step({ stop: stopping.signal });
    expect([node.asked, node.clock.monotonic()]).toEqual([['POST a'], 1_200]);
  });

  test('stops immediately when its caller disconnects', async () => {
    const node = new FakeNode().add('a');
    node.answers.set('a', 'hang');
    const caller = new AbortController();
    node.clock.setTimer(1_000, () => {
      caller.abort(new Error('gone'));
    });
    await expect(node.step({ signal: caller.signal })).rejects.toThrow('gone');
    expect(node.clock.monotonic()).toBe(1_000);
  });
});
