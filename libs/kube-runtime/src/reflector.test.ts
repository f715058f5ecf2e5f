import { afterEach, describe, expect, test } from '@jest/globals';
import { jsonResponse, memoryLogger, streamResponse, VirtualClock } from '@brupop/ports';
import type { HttpResponse } from '@brupop/ports';
import { createReflector } from './reflector.ts';
import type { Reflector, ReflectorEvent, WatchEnd } from './reflector.ts';
import { ScriptedApi, ScriptedWatch, statusAnswer } from './testing/scripted-api.ts';

interface Thing {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion: string };
  readonly size: number;
}

const thing = (name: string, resourceVersion: string, size = 0) => ({
  metadata: { name, resourceVersion },
  size,
  status: { images: 'much' },
});
const page =
  (resourceVersion: string, items: unknown[], token = '') =>
  (): HttpResponse =>
    jsonResponse(200, { kind: 'ThingList', metadata: { resourceVersion, continue: token }, items });

const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort(new Error('the test is over'));
});

function wordsOf(event: ReflectorEvent<Thing>): string {
  switch (event.type) {
    case 'synced':
      return event.type;
    case 'modified':
      return `modified ${event.object.metadata.name}, was @${event.before.metadata.resourceVersion}`;
    case 'added':
    case 'deleted':
      return `${event.type} ${event.object.metadata.name}`;
  }
}

const KEEP = ({ metadata: { name, resourceVersion }, size }: Thing): Thing => ({ metadata: { name, resourceVersion }, size });

function start(api: ScriptedApi, transform: (raw: Thing) => Thing = KEEP) {
  const clock = new VirtualClock();
  const log = memoryLogger();
  const events: string[] = [];
  const restarts: WatchEnd[] = [];
  const stop = new AbortController();
  stops.push(stop);
  const reflector: Reflector<Thing> = createReflector<Thing>({
    client: api.client(clock),
    path: '/things',
    query: { labelSelector: 'a=b' },
    transform,
    clock,
    random: () => 0,
    log,
    onEvent: (event) => events.push(wordsOf(event)),
    onRestart: (why) => restarts.push(why),
    ifNotServed: 'Things are not installed',
    pageSize: 2,
  });
  const done = reflector.run(stop.signal);
  const names = (): string[] => reflector.store.list().map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);
  return { clock, log, events, restarts, reflector, stop, done, names };
}

describe(createReflector, () => {
  test('logs that the API server does not serve the path, and continues as soon as it does', async () => {
    const api = new ScriptedApi(
      () => ({ ...jsonResponse(404, {}), text: () => Promise.resolve('404 page not found\n') }),
      page('1', [thing('a', '1')]),
    );
    const { clock, log, reflector } = start(api);
    await clock.advance(1);
    expect(log.entries.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual(['Things are not installed']);
    await clock.advance(60_000);
    expect(reflector.hasSynced()).toBe(true);
  });

  test('lists page by page, transforms, and watches from there', async () => {
    const api = new ScriptedApi(page('5', [thing('a', '1'), thing('b', '2')], 'next'), page('5', [thing('c', '3', 9)]));
    const { clock, events, reflector } = start(api);
    expect(reflector.hasSynced()).toBe(false);
    await clock.settle();
    expect(reflector.store.get('c')).toEqual({ metadata: { name: 'c', resourceVersion: '3' }, size: 9 });
    expect([reflector.hasSynced(), reflector.store.size]).toEqual([true, 3]);
    expect(events).toEqual(['added a', 'added b', 'added c', 'synced']);
    expect(api.queries).toEqual([
      { labelSelector: 'a=b', limit: '2' },
      { labelSelector: 'a=b', limit: '2', continue: 'next' },
      { labelSelector: 'a=b', watch: 'true', allowWatchBookmarks: 'true', resourceVersion: '5', timeoutSeconds: '300' },
    ]);
  });

  test('lists again without pages when a continue token has expired', async () => {
    const api = new ScriptedApi(page('5', [thing('a', '1')], 'next'), statusAnswer(410, 'Expired'), page('9', [thing('b', '8')]));
    const { clock, names } = start(api);
    await clock.settle();
    expect(names()).toEqual(['b@8']);
    expect(api.queries[2]).toEqual({ labelSelector: 'a=b' });
  });

  test('reports why each watch ended, and the time of the last event or bookmark', async () => {
    const [first, second, third] = [new ScriptedWatch(), new ScriptedWatch(), new ScriptedWatch()];
    const api = new ScriptedApi(page('5', []), first.answer, second.answer, page('9', []), third.answer);
    const { clock, restarts, reflector } = start(api);
    expect(reflector.silenceMs()).toBeUndefined();
    await clock.advance(40_000);
    expect(reflector.silenceMs()).toBe(40_000);
    first.send('BOOKMARK', { metadata: { resourceVersion: '7' } });
    await clock.advance(1_000);
    expect(reflector.silenceMs()).toBe(1_000);
    first.end('ended');
    second.send('ERROR', { kind: 'Status', code: 410, reason: 'Expired' });
    third.end('broken');
    await clock.advance(2_000);
    expect(restarts.slice(0, 3)).toEqual(['ended', 'expired', 'failed']);
  });

  test('follows the events of a watch, and skips versions that it has', async () => {
    const watch = new ScriptedWatch();
    const { clock, events, names } = start(new ScriptedApi(page('5', [thing('a', '1'), thing('b', '2')]), watch.answer));
    watch.send('ADDED', thing('c', '6'));
    watch.send('MODIFIED', thing('a', '7'));
    watch.send('MODIFIED', thing('a', '7'));
    watch.send('DELETED', thing('b', '8'));
    watch.send('DELETED', thing('b', '8'));
    await clock.settle();
    expect(events.slice(3)).toEqual(['added c', 'modified a, was @1', 'deleted b']);
    expect(names()).toEqual(['a@7', 'c@6']);
  });

  test('one object that cannot be read stops neither the list nor the watch, stays as it was, and is logged once a minute', async () => {
    const watch = new ScriptedWatch();
    const api = new ScriptedApi(
      page('5', [thing('a', '1'), { metadata: null }]),
      watch.answer,
      page('9', [thing('a', '8'), { metadata: 5 }]),
    );
    const { clock, events, log, names, reflector } = start(api, ({ metadata: { name, resourceVersion }, size }) => {
      if (size > 5) throw new TypeError('too large');
      return { metadata: { name, resourceVersion }, size };
    });
    const skipped = (): number => log.entries.filter(({ message }) => message === 'Skipped an object that cannot be read').length;
    watch.send('ADDED', thing('b', '6'));
    watch.send('ADDED', thing('c', '6', 9));
    watch.send('MODIFIED', thing('b', '7', 9));
    watch.send('ADDED', thing('d', '7'));
    await clock.settle();
    expect(reflector.hasSynced()).toBe(true);
    expect(names()).toEqual(['a@1', 'b@6', 'd@7']);
    expect(skipped()).toBe(1);
    watch.send('DELETED', thing('b', '8', 9));
    await clock.advance(60_000);
    watch.send('MODIFIED', thing('a', '8', 9));
    await clock.settle();
    expect(events).toEqual(['added a', 'synced', 'added b', 'added d', 'deleted b']);
    expect(names()).toEqual(['a@1', 'd@7']);
    expect(skipped()).toBe(2);
    reflector.relist();
    await clock.settle();
    expect(names()).toEqual(['a@8']);
  });

  test('an object that a list shows and that cannot be read stays as it was', async () => {
    const api = new ScriptedApi(page('5', [thing('a', '1'), thing('b', '1')]), new ScriptedWatch().answer, page('9', [thing('a', '8', 9)]));
    const { clock, names, reflector } = start(api, ({ metadata: { name, resourceVersion }, size }) => {
      if (size > 5) throw new TypeError('too large');
      return { metadata: { name, resourceVersion }, size };
    });
    await clock.settle();
    reflector.relist();
    await clock.settle();
    expect(names()).toEqual(['a@1']);
  });

  test.each(['ended', 'broken'] as const)('resumes a watch that has %s with the version of the last event or bookmark', async (how) => {
    const [first, second] = [new ScriptedWatch(), new ScriptedWatch()];
    const api = new ScriptedApi(page('5', []), first.answer, second.answer);
    const { clock, names } = start(api);
    first.send('ADDED', thing('a', '6'));
    first.send('BOOKMARK', { metadata: { resourceVersion: '70' } });
    first.end(how);
    second.send('ADDED', thing('b', '71'));
    await clock.advance(1_000);
    expect(api.queries[2]).toMatchObject({ watch: 'true', resourceVersion: '70' });
    expect(names()).toEqual(['a@6', 'b@71']);
  });

  test.each([
    {
      name: 'an event',
      expire: (watch: ScriptedWatch) => {
        watch.send('ERROR', { kind: 'Status', code: 410, reason: 'Expired' });
        return watch.answer;
      },
    },
    { name: 'the answer', expire: () => statusAnswer(410, 'Expired') },
  ])('lists again when $name says that the version is too old, and catches up on what it missed', async ({ expire }) => {
    const expired = expire(new ScriptedWatch());
    const api = new ScriptedApi(page('5', [thing('a', '1'), thing('b', '2')]), expired, page('20', [thing('b', '19'), thing('c', '18')]));
    const { clock, events, names } = start(api);
    await clock.advance(1_000);
    expect(events).toEqual(['added a', 'added b', 'synced', 'modified b, was @2', 'added c', 'deleted a', 'synced']);
    expect(names()).toEqual(['b@19', 'c@18']);
  });

  test('keeps its store while the API server is unavailable, with growing pauses, and recovers', async () => {
    const watch = new ScriptedWatch();
    const down = () => Promise.reject(new Error('connect ECONNREFUSED'));
    const api = new ScriptedApi(
      page('5', [thing('a', '1')]),
      watch.answer,
      ...Array.from({ length: 8 }, () => down),
      page('9', [thing('z', '9')]),
    );
    const { clock, log, names } = start(api);
    await clock.advance(10_000);
    watch.end('broken');
    await clock.advance(60_000);
    expect(names()).toEqual(['a@1']);
    expect(log.entries.filter(({ level }) => level === 'warn').map(({ fields }) => fields['delayMs'])).toEqual([
      250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000,
    ]);
    await clock.advance(15_000);
    expect(names()).toEqual(['z@9']);
  });

  test.each([
    { name: 'an answer that does not begin', answer: () => new Promise<HttpResponse>(() => undefined), afterMs: 30_000 },
    { name: 'a watch that is silent', answer: new ScriptedWatch().answer, afterMs: 150_000 },
  ])('gives up $name', async ({ answer, afterMs }) => {
    const next = new ScriptedWatch();
    const api = new ScriptedApi(page('5', []), answer, next.answer);
    const { clock, names } = start(api);
    next.send('ADDED', thing('a', '6'));
    await clock.advance(afterMs - 1);
    expect(names()).toEqual([]);
    await clock.advance(1_000);
    expect(names()).toEqual(['a@6']);
  });

  test('a watch stays as long as bookmarks come', async () => {
    const watch = new ScriptedWatch();
    const api = new ScriptedApi(page('5', []), watch.answer);
    const { clock } = start(api);
    for (let minute = 0; minute < 10; minute++) {
      await clock.advance(60_000);
      watch.send('BOOKMARK', { metadata: { resourceVersion: '5' } });
    }
    expect(api.requests).toHaveLength(2);
  });

  test('gives up a list that stops arriving, and stores no part of it', async () => {
    const half = () =>
      streamResponse(
        200,
        (async function* () {
          yield '{"metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"a"}},';
          await new Promise(() => undefined);
        })(),
      );
    const { clock, names, reflector } = start(new ScriptedApi(half, page('6', [thing('b', '2')])));
    await clock.advance(30_000);
    expect([names(), reflector.hasSynced()]).toEqual([[], false]);
    await clock.advance(500);
    expect(names()).toEqual(['b@2']);
  });

  test.each([
    { name: 'cut off', text: '{"metadata":{"resourceVersion":"5"},"items":[' },
    { name: 'no JSON', text: '<html>' },
    { name: 'no list, though JSON: a list without objects is something else', text: '{}' },
  ])('does not store a list that is $name', async ({ text }) => {
    const bad = () =>
      streamResponse(
        200,
        (async function* () {
          await Promise.resolve();
          yield text;
        })(),
      );
    const { clock, names, log } = start(new ScriptedApi(bad, page('6', [thing('b', '2')])));
    await clock.advance(500);
    expect(names()).toEqual(['b@2']);
    expect(log.entries.find(({ level }) => level === 'warn')?.fields['error']).toContain('KUBE_BODY');
  });

  test('a requested list ends the watch, and syncs when the list is complete', async () => {
    const api = new ScriptedApi(page('5', [thing('a', '1')]), new ScriptedWatch().answer, page('9', [thing('a', '8')]));
    const { clock, names, reflector } = start(api);
    await clock.settle();
    reflector.relist();
    expect([reflector.hasSynced(), names()]).toEqual([false, ['a@1']]);
    await reflector.waitForSync(new AbortController().signal);
    expect(names()).toEqual(['a@8']);
  });

  test('a requested list ends a pause', async () => {
    const api = new ScriptedApi(() => Promise.reject(new Error('down')), page('9', [thing('a', '8')]));
    const { clock, names, reflector } = start(api);
    await clock.settle();
    reflector.relist();
    await clock.settle();
    expect(names()).toEqual(['a@8']);
  });

  test('a list requested in the pause after a failed watch does not resume the watch', async () => {
    const watch = new ScriptedWatch();
    const api = new ScriptedApi(page('5', [thing('a', '1')]), watch.answer, page('9', [thing('a', '8')]));
    const { clock, names, reflector } = start(api);
    watch.end('broken');
    await clock.settle();
    reflector.relist();
    await clock.settle();
    expect([reflector.hasSynced(), names()]).toEqual([true, ['a@8']]);
  });

  test('stores a list whose pieces arrive slowly, however long it takes', async () => {
    let next = (): void => undefined;
    const slow = () =>
      streamResponse(
        200,
        (async function* () {
          for (const piece of [
            '{"metadata":{"resourceVersion":"5"},',
            '"items":[{"metadata":',
            '{"name":"a","resourceVersion":"1"}}',
            ']}',
          ]) {
            yield piece;
            await new Promise<void>((resolve) => (next = resolve));
          }
        })(),
      );
    const { clock, names } = start(new ScriptedApi(slow));
    for (let piece = 0; piece < 4; piece++) {
      expect(names()).toEqual([]);
      await clock.advance(20_000);
      next();
    }
    await clock.settle();
    expect(names()).toEqual(['a@1']);
  });

  test.each([
    { name: 'has sent an event is followed by another at once', hasEvent: true, requests: 3 },
    { name: 'has sent no event indicates a problem, and the next waits', hasEvent: false, requests: 2 },
  ])('a watch that ends at once and $name', async ({ hasEvent, requests }) => {
    const watch = new ScriptedWatch();
    const api = new ScriptedApi(page('5', []), watch.answer);
    const { clock } = start(api);
    if (hasEvent) watch.send('ADDED', thing('a', '6'));
    watch.end();
    await clock.advance(100);
    expect(api.requests).toHaveLength(requests);
  });

  test('waits for no other list after one is stored', async () => {
    const { clock, reflector, stop } = start(new ScriptedApi(page('5', [])));
    await clock.settle();
    await expect(Promise.race([reflector.waitForSync(stop.signal), clock.settle().then(() => 'waits')])).resolves.toBeUndefined();
  });

  test('an event handler that throws does not end it', async () => {
    const clock = new VirtualClock();
    const log = memoryLogger();
    const stop = new AbortController();
    stops.push(stop);
    const reflector = createReflector<Thing>({
      client: new ScriptedApi(page('5', [thing('a', '1')])).client(clock),
      path: '/things',
      transform: (object: Thing) => object,
      clock,
      random: () => 0,
      log,
      onEvent: () => {
        throw new Error('a bug');
      },
    });
    void reflector.run(stop.signal);
    await clock.settle();
    expect(reflector.hasSynced()).toBe(true);
    expect(log.entries.filter(({ level }) => level === 'error')).toHaveLength(2);
  });

  test('ends when its signal aborts: while it lists, watches or pauses', async () => {
    for (const api of [
      new ScriptedApi(),
      new ScriptedApi(page('5', []), new ScriptedWatch().answer),
      new ScriptedApi(() => Promise.reject(new Error('x'))),
    ]) {
      const { clock, stop, done, reflector } = start(api);
      await clock.settle();
      const waiting = reflector.waitForSync(stop.signal).catch((error: unknown) => error);
      stop.abort(new Error('enough'));
      await expect(done).resolves.toBeUndefined();
      expect(reflector.hasSynced() ? undefined : await waiting).toEqual(reflector.hasSynced() ? undefined : new Error('enough'));
    }
  });

  test('waits for nothing under an aborted signal', async () => {
    const { reflector } = start(new ScriptedApi());
    await expect(reflector.waitForSync(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});
