import { describe, expect, test } from '@jest/globals';
import { memoryLogger, sleep, VirtualClock } from '@brupop/ports';
import { createWorkQueue } from './work-queue.ts';
import type { ReconcileResult, WorkQueueOptions } from './work-queue.ts';

function start(
  reconcile: (key: string, clock: VirtualClock, signal: AbortSignal) => Promise<ReconcileResult>,
  options: Partial<WorkQueueOptions<string>> = {},
) {
  const clock = new VirtualClock();
  const log = memoryLogger();
  const stop = new AbortController();
  const runs: string[] = [];
  const queue = createWorkQueue<string>({
    clock,
    log,
    random: () => 1,
    ...options,
    reconcile: (key, signal) => {
      runs.push(`${key}@${String(clock.monotonic())}`);
      return reconcile(key, clock, signal);
    },
  });
  const done = queue.run(stop.signal);
  return { clock, log, stop, runs, queue, done };
}

const nothing = (): Promise<ReconcileResult> => Promise.resolve({});

describe(createWorkQueue, () => {
  test('reconciles what was added before and after the start', async () => {
    const { clock, queue, runs } = start(nothing);
    queue.add('a');
    queue.add('b');
    await clock.settle();
    queue.add('a');
    await clock.settle();
    expect(runs).toEqual(['a@0', 'b@0', 'a@0']);
  });

  test('a delayed request waits, and does not delay an earlier one', async () => {
    const { clock, queue, runs } = start(nothing);
    queue.add('a', 1_000);
    queue.add('b', 1_000);
    queue.add('b', 200);
    queue.add('b', 5_000);
    await clock.advance(10_000);
    expect(runs).toEqual(['b@200', 'a@1000']);
  });

  test('reports how long each key waited and took, whether it succeeded, and how many are due', async () => {
    const reported: unknown[] = [];
    const { clock, queue } = start(
      (key, time) =>
        sleep(time, 100).then(() => {
          if (key === 'bad') throw new Error('x');
          return {};
        }),
      { coalesceMs: 50, onReconcile: (reconciled) => reported.push(reconciled) },
    );
    queue.add('a');
    queue.add('bad');
    await clock.advance(60);
    expect([queue.depth(), reported]).toEqual([1, []]);
    await clock.advance(200);
    expect(reported).toEqual([
      { key: 'a', waitedMs: 0, tookMs: 100, ok: true },
      { key: 'bad', waitedMs: 100, tookMs: 100, ok: false },
    ]);
    expect(queue.depth()).toBe(0);
  });

  test('serves the first request immediately, and combines those that come during the cooldown into one reconcile', async () => {
    const { clock, queue, runs } = start(nothing, { coalesceMs: 100 });
    for (let count = 0; count < 5; count++) queue.add('a');
    queue.add('b');
    await clock.advance(50);
    queue.add('a');
    await clock.advance(500);
    queue.add('a');
    await clock.advance(500);
    expect(runs).toEqual(['a@0', 'b@0', 'a@100', 'a@550']);
  });

  test('lets a key cool down before it serves a request that came during its reconcile', async () => {
    const { clock, queue, runs } = start((_key, time) => sleep(time, 100).then(() => ({})), { coalesceMs: 30 });
    queue.add('a');
    await clock.advance(50);
    queue.add('a');
    await clock.advance(500);
    expect(runs).toEqual(['a@0', 'a@130']);
  });

  test('never reconciles a key twice at the same time, and once more for requests that come meanwhile', async () => {
    const { clock, queue, runs } = start((_key, time) => sleep(time, 100).then(() => ({})), { concurrency: 4 });
    queue.add('a');
    await clock.advance(10);
    queue.add('a');
    queue.add('a');
    queue.add('b');
    await clock.advance(1_000);
    expect(runs).toEqual(['a@0', 'b@10', 'a@100']);
  });

  test('keeps to its concurrency', async () => {
    const { clock, queue, runs } = start((_key, time) => sleep(time, 100).then(() => ({})), { concurrency: 2 });
    for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);
    await clock.advance(1_000);
    expect(runs).toEqual(['a@0', 'b@0', 'c@100', 'd@100', 'e@200']);
  });

  test('reconciles again after the time that a reconcile requested, or earlier if something happens', async () => {
    const results: ReconcileResult[] = [{ requeueAfterMs: 1_000 }, { requeueAfterMs: 1_000 }, {}];
    const { clock, queue, runs } = start(() => Promise.resolve(results.shift() ?? {}));
    queue.add('a');
    await clock.advance(1_300);
    queue.add('a');
    await clock.advance(10_000);
    expect(runs).toEqual(['a@0', 'a@1000', 'a@1300']);
  });

  test('waits longer after each failure, and forgets them after a success', async () => {
    let failures = 3;
    const { clock, queue, runs, log } = start(() => (failures-- > 0 ? Promise.reject(new Error('x')) : Promise.resolve({})));
    queue.add('a');
    await clock.advance(60_000);
    failures = 1;
    queue.add('a');
    await clock.advance(5_000);
    expect(runs).toEqual(['a@0', 'a@1000', 'a@3000', 'a@7000', 'a@60000', 'a@61000']);
    expect(log.entries.map(({ fields }) => fields['delayMs'])).toEqual([1_000, 2_000, 4_000, 1_000]);
  });

  test('a failing key does not delay another', async () => {
    const { clock, queue, runs } = start((key) => (key === 'a' ? Promise.reject(new Error('x')) : Promise.resolve({})));
    queue.add('a');
    queue.add('b');
    await clock.advance(500);
    expect(runs).toEqual(['a@0', 'b@0']);
  });

  test('a reconcile may add keys', async () => {
    const { clock, queue, runs } = start((key) => {
      if (key === 'a') queue.add('b');
      return Promise.resolve({});
    });
    queue.add('a');
    await clock.settle();
    expect(runs).toEqual(['a@0', 'b@0']);
  });

  test('ends after what is running has ended, and begins nothing new', async () => {
    const { clock, queue, runs, stop, done, log } = start((_key, time, signal) => sleep(time, 1_000, signal).then(() => ({})));
    queue.add('a');
    queue.add('b');
    await clock.settle();
    stop.abort(new Error('enough'));
    await done;
    queue.add('c');
    await clock.advance(10_000);
    expect([runs, log.entries]).toEqual([['a@0'], []]);
  });
});
