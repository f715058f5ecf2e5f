import { describe, expect, test } from '@jest/globals';
import { sleep } from '@brupop/ports';
import type { Clock } from '@brupop/ports';
import { isReady } from './objects.ts';
import type { PodContext, PodRunner, RunningPod } from './pod-runner.ts';
import { PodWorker } from './pod-worker.ts';
import { runPod, TestCluster } from './test-cluster.ts';

/** Programs whose behaviour a test sets, and a record of the calls. */
class Programs implements PodRunner {
  readonly starts: { readonly atMs: number; readonly context: PodContext }[] = [];
  readonly signals: string[] = [];
  ready = true;
  stopMs = 500;
  failStarts = false;
  clock: Clock | undefined;

  start(_pod: unknown, context: PodContext): RunningPod {
    if (this.failStarts) throw new Error('no such image');
    const clock = this.clock as Clock;
    this.starts.push({ atMs: clock.monotonic(), context });
    return {
      isReady: () => (this.ready ? Promise.resolve(true) : Promise.reject(new Error('connection refused'))),
      stop: (signal) => {
        this.signals.push(signal);
        return signal === 'SIGTERM' ? sleep(clock, this.stopMs) : undefined;
      },
    };
  }

  latest(): PodContext {
    const start = this.starts.at(-1);
    if (start === undefined) throw new Error('nothing was started');
    return start.context;
  }
}

async function aProgram(spec: object = {}): Promise<{ bench: TestCluster; programs: Programs }> {
  const programs = new Programs();
  const bench = new TestCluster({ runner: programs, hostTimings: { shutdownMs: 5_000, rebootMs: 20_000 } });
  programs.clock = bench.clock;
  bench.cluster.apply([runPod('agent', { nodeName: 'node-1', ...spec })]);
  await bench.clock.advance(10_000);
  return { bench, programs };
}

describe(PodWorker, () => {
  test('runs a program on its node and host, with tokens bound to the pod', async () => {
    const { bench, programs } = await aProgram();
    const context = programs.latest();
    expect([context.nodeName, context.host === bench.cluster.host('node-1'), bench.ready('agent')]).toEqual(['node-1', true, 1]);
    const claims = JSON.parse(
      Buffer.from(context.issueToken('brupop-apiserver', 3_600_000).split('.')[1] ?? '', 'base64url').toString(),
    ) as object;
    expect(claims).toMatchObject({
      aud: ['brupop-apiserver'],
      sub: 'system:serviceaccount:default:default',
      'kubernetes.io': { pod: { name: 'agent', uid: bench.app('agent')[0]?.metadata.uid }, node: { name: 'node-1' } },
    });
  });

  test('is ready as long as the program reports ready', async () => {
    const { bench, programs } = await aProgram();
    programs.ready = false;
    await bench.clock.advance(2_000);
    expect(bench.ready('agent')).toBe(0);
    programs.ready = true;
    await bench.clock.advance(2_000);
    expect(bench.ready('agent')).toBe(1);
  });

  test('restarts a program that has ended, with a longer backoff each time', async () => {
    const { bench, programs } = await aProgram();
    const waits: number[] = [];
    for (let round = 0; round < 3; round++) {
      const endedAtMs = bench.clock.monotonic();
      programs.latest().exited(1);
      await bench.clock.advance(10_000);
      waits.push((programs.starts.at(-1)?.atMs ?? 0) - endedAtMs);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000]);
    expect(bench.app('agent')[0]?.status?.containerStatuses?.[0]).toMatchObject({ restartCount: 3, ready: true });
  });

  test('handles the end of each run once, and ignores earlier runs', async () => {
    const { bench, programs } = await aProgram();
    const first = programs.latest();
    first.exited(1);
    first.exited(1);
    await bench.clock.advance(10_000);
    first.exited(1);
    await bench.clock.advance(10_000);
    expect([programs.starts.length, bench.app('agent')[0]?.status?.containerStatuses?.[0]?.restartCount]).toEqual([2, 1]);
  });

  test('a kill is a SIGKILL and a restart in the same pod', async () => {
    const { bench, programs } = await aProgram();
    const uid = bench.app('agent')[0]?.metadata.uid;
    bench.cluster.killPod({ namespace: 'default', name: 'agent' });
    expect(programs.signals).toEqual(['SIGKILL']);
    await bench.clock.advance(10_000);
    expect([programs.starts.length, bench.app('agent')[0]?.metadata.uid, bench.ready('agent')]).toEqual([2, uid, 1]);
  });

  test.each([
    { name: 'is removed as soon as its program has ended', stopMs: 4_000, goneAfterMs: 4_500, stillAfterMs: 3_000, signals: ['SIGTERM'] },
    {
      name: 'is killed after its grace period',
      stopMs: 600_000,
      goneAfterMs: 31_000,
      stillAfterMs: 29_000,
      signals: ['SIGTERM', 'SIGKILL'],
    },
  ])('a deleted pod $name', async ({ stopMs, goneAfterMs, stillAfterMs, signals }) => {
    const { bench, programs } = await aProgram();
    programs.stopMs = stopMs;
    bench.cluster.store.delete('Pod', { namespace: 'default', name: 'agent' });
    await bench.clock.advance(stillAfterMs);
    expect(bench.app('agent')).toHaveLength(1);
    await bench.clock.advance(goneAfterMs - stillAfterMs);
    expect([bench.app('agent').length, programs.signals.slice(0, signals.length)]).toEqual([0, signals]);
  });

  test('a reboot stops the program, then kills it, and starts it after the boot', async () => {
    const { bench, programs } = await aProgram();
    bench.cluster.rebootNode('node-1');
    expect(programs.signals).toEqual(['SIGTERM']);
    // A program that has stopped is not restarted on a host that shuts down.
    programs.latest().exited(0);
    await bench.clock.advance(4_000);
    expect(programs.starts).toHaveLength(1);
    await bench.clock.advance(60_000);
    expect([programs.starts.length, bench.ready('agent')]).toEqual([2, 1]);
  });

  test('a pod of the same name that immediately takes its place is a new pod, and the old program is killed', async () => {
    const { bench, programs } = await aProgram();
    bench.cluster.store.delete('Pod', { namespace: 'default', name: 'agent' }, { gracePeriodSeconds: 0 });
    bench.cluster.apply([runPod('agent', { nodeName: 'node-1' })]);
    await bench.clock.advance(10_000);
    expect([programs.starts.length, programs.signals, bench.ready('agent')]).toEqual([2, ['SIGKILL'], 1]);
  });

  test('loses its program with the power', async () => {
    const { bench, programs } = await aProgram();
    bench.cluster.powerOff('node-1');
    expect(programs.signals).toEqual(['SIGKILL']);
    await bench.clock.advance(600_000);
    expect(programs.starts).toHaveLength(1);
  });

  test('a program that cannot be started is retried', async () => {
    const { bench, programs } = await aProgram();
    programs.failStarts = true;
    programs.latest().exited(1);
    await bench.clock.advance(5_000);
    expect(bench.app('agent').some(isReady)).toBe(false);
    programs.failStarts = false;
    await bench.clock.advance(60_000);
    expect(bench.ready('agent')).toBe(1);
  });
});
