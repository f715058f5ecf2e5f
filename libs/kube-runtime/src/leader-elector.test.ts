import { describe, expect, test } from '@jest/globals';
import { jsonResponse, memoryLogger, sleep, VirtualClock } from '@brupop/ports';
import type { HttpResponse } from '@brupop/ports';
import { createLeaderElector } from './leader-elector.ts';
import { ObjectApi } from './testing/object-api.ts';
import { paths } from './paths.ts';

const PATH = paths.lease('ns', 'brupop');
const lost = (): Promise<HttpResponse> => new Promise(() => undefined);

function world() {
  const clock = new VirtualClock();
  const api = new ObjectApi();
  const terms: string[] = [];
  /** A process that leads until it is stopped, and takes `windUpMs` to end. */
  const process = (identity: string, windUpMs = 0) => {
    const stop = new AbortController();
    const log = memoryLogger();
    const elector = createLeaderElector({
      client: api.client(clock),
      clock,
      random: () => 0,
      log,
      namespace: 'ns',
      leaseName: 'brupop',
      identity,
    });
    const at = (): string => `@${String(clock.monotonic())}`;
    const done = elector.run(async (signal) => {
      terms.push(`${identity} leads${at()}`);
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
      });
      if (windUpMs > 0) await sleep(clock, windUpMs);
      terms.push(`${identity} ends${at()}`);
    }, stop.signal);
    return { elector, stop, done, log };
  };
  const holder = (): unknown => (api.objects.get(PATH)?.['spec'] as { holderIdentity?: string } | undefined)?.holderIdentity;
  return { clock, api, terms, process, holder };
}

/** Gives the lease to another, who never renews it. */
function steal(api: ObjectApi, leaseDurationSeconds = 3_600): void {
  const metadata = { name: 'brupop', resourceVersion: '99' };
  api.objects.set(PATH, { ...api.objects.get(PATH), metadata, spec: { holderIdentity: 'thief', leaseDurationSeconds } });
}

describe(createLeaderElector, () => {
  test('makes one of two the leader, and keeps it', async () => {
    const { clock, terms, process, holder } = world();
    const a = process('a');
    const b = process('b');
    await clock.advance(120_000);
    expect(terms).toEqual(['a leads@0']);
    expect([a.elector.isLeader(), b.elector.isLeader(), holder()]).toEqual([true, false, 'a']);
    expect([a.elector.holder(), b.elector.holder()]).toEqual(['a', 'a']);
  });

  test('hands over at shutdown, but not before the leader has ended', async () => {
    const { clock, terms, process, holder } = world();
    const a = process('a', 20_000);
    await clock.settle();
    const b = process('b');
    await clock.advance(10_000);
    a.stop.abort(new Error('stopping'));
    await clock.advance(20_000);
    await a.done;
    expect(a.elector.isLeader()).toBe(false);
    await clock.advance(2_000);
    expect(terms).toEqual(['a leads@0', 'a ends@30000', 'b leads@32000']);
    b.stop.abort(new Error('stopping'));
    await clock.advance(0);
    await b.done;
    expect([holder(), b.elector.holder()]).toEqual(['', undefined]);
    const leaders = b.log.entries.filter(({ message }) => message === 'Leader changed').map(({ fields }) => fields['leader']);
    expect(leaders).toEqual(['a', 'none', 'b', 'none']);
  });

  test('takes over from a leader that died, once its lease has not changed for its duration', async () => {
    const { clock, api, terms, process } = world();
    process('a');
    await clock.settle();
    api.fault = ({ body }) => (body?.includes('"holderIdentity":"a"') === true ? lost() : undefined);
    process('b');
    // The wall clock of a machine may be anything.
    clock.jump(-86_400_000);
    await clock.advance(60_000);
    expect(terms).toEqual(['a leads@0', 'a ends@30000', 'b leads@40000']);
  });

  test('a leader that cannot renew stops before another may begin, and leads again when it can', async () => {
    const { clock, api, terms, process } = world();
    const { elector, log } = process('a');
    await clock.advance(5_000);
    api.fault = () => Promise.resolve(jsonResponse(500, {}));
    await clock.advance(40_000);
    expect([terms, elector.isLeader()]).toEqual([['a leads@0', 'a ends@34000'], false]);
    const messages = log.entries.filter(({ level }) => level !== 'info').map(({ message }) => message);
    expect([...new Set(messages)]).toEqual([
      'Renewing the lease failed, trying again',
      'Lost the leadership',
      'Acquiring the lease failed, trying again',
    ]);
    api.fault = () => undefined;
    await clock.advance(3_000);
    expect([terms.length, elector.isLeader()]).toEqual([3, true]);
  });

  test('a leader whose lease was taken stops at once, and does not release it', async () => {
    const { clock, api, terms, process, holder } = world();
    const { elector, stop, done } = process('a');
    await clock.advance(5_000);
    steal(api);
    await clock.advance(2_000);
    expect([terms, elector.isLeader()]).toEqual([['a leads@0', 'a ends@6000'], false]);
    stop.abort(new Error('stopping'));
    await done;
    expect(holder()).toBe('thief');
  });

  test('a lease that was taken and acquired again is not lost by a deadline of the earlier term', async () => {
    const { clock, api, terms, process } = world();
    const { elector, log } = process('a');
    await clock.advance(5_000);
    steal(api, 1);
    await clock.advance(60_000);
    expect([terms, elector.isLeader()]).toEqual([['a leads@0', 'a ends@6000', 'a leads@8000'], true]);
    expect(log.entries.filter(({ message }) => message === 'Lost the leadership')).toHaveLength(1);
  });

  test('a leader that ends without having seen that its lease was taken leaves it to the new holder', async () => {
    const { clock, api, process, holder } = world();
    const { stop, done } = process('a');
    await clock.advance(5_000);
    steal(api);
    stop.abort(new Error('stopping'));
    await clock.settle();
    await done;
    expect(holder()).toBe('thief');
  });

  test('a label that another client puts on the lease changes nothing', async () => {
    const { clock, api, terms, process } = world();
    process('a');
    await clock.advance(5_000);
    const lease = api.objects.get(PATH);
    api.objects.set(PATH, { ...lease, metadata: { name: 'brupop', resourceVersion: '99', labels: { a: 'b' } } });
    await clock.advance(60_000);
    expect(terms).toEqual(['a leads@0']);
  });

  test('a lease that another client deletes is created again', async () => {
    const { clock, api, terms, process, holder } = world();
    process('a');
    await clock.advance(5_000);
    api.objects.delete(PATH);
    await clock.advance(60_000);
    expect([terms, holder()]).toEqual([['a leads@0'], 'a']);
  });

  test('two that create the lease at the same time: one wins', async () => {
    const { clock, terms, process } = world();
    process('a');
    process('b');
    process('c');
    await clock.advance(30_000);
    expect(terms).toHaveLength(1);
  });

  test('ends with the error of the leader, and frees the lease', async () => {
    const { clock, api, holder } = world();
    const elector = createLeaderElector({
      client: api.client(clock),
      clock,
      random: () => 0,
      log: memoryLogger(),
      namespace: 'ns',
      leaseName: 'brupop',
      identity: 'a',
    });
    await expect(elector.run(() => Promise.reject(new Error('a bug')), new AbortController().signal)).rejects.toThrow('a bug');
    expect(holder()).toBe('');
  });

  test('ends while it waits', async () => {
    const { clock, process, terms } = world();
    process('a');
    await clock.settle();
    const b = process('b');
    await clock.advance(5_000);
    b.stop.abort(new Error('stopping'));
    await expect(b.done).resolves.toBeUndefined();
    expect(terms).toEqual(['a leads@0']);
  });

  test('a release that fails is logged, and does not delay the end', async () => {
    const { clock, api, process } = world();
    const a = process('a');
    await clock.settle();
    api.fault = lost;
    a.stop.abort(new Error('stopping'));
    await clock.advance(2_000);
    await a.done;
    expect(a.log.entries.at(-1)?.message).toBe('Releasing the lease failed, it will expire');
  });

  test.each([{ renewDeadlineMs: 50_000 }, { retryPeriodMs: 26_000 }])('refuses times under which two could lead: %j', (times) => {
    const { clock, api } = world();
    const make = () =>
      createLeaderElector({
        ...{ client: api.client(clock), clock, random: () => 0, log: memoryLogger(), namespace: 'ns', leaseName: 'l', identity: 'a' },
        ...times,
      });
    expect(make).toThrow(expect.objectContaining({ code: 'LEASE_TIMES' }));
  });
});
