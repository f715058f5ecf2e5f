import { describe, expect, test } from '@jest/globals';
import { jsonResponse, memoryLogger, VirtualClock } from '@brupop/ports';
import { createEventRecorder } from './event-recorder.ts';
import type { EventInput } from './event-recorder.ts';
import { ObjectApi } from './testing/object-api.ts';

const anEvent = (message = 'Evicting pods', namespace?: string): EventInput => ({
  regarding: { apiVersion: 'v1', kind: 'Node', name: 'worker', uid: 'u1', ...(namespace === undefined ? {} : { namespace }) },
  type: 'Normal',
  reason: 'Draining',
  message,
});

function start(capacity?: number) {
  const clock = new VirtualClock();
  const api = new ObjectApi();
  const log = memoryLogger();
  const recorder = createEventRecorder({
    client: api.client(clock),
    clock,
    log,
    component: 'brupop-controller',
    instance: 'pod-1',
    ...(capacity === undefined ? {} : { capacity }),
  });
  const written = (): string[] =>
    [...api.objects.values()].map(
      ({ note, series }) => `${String(note)} x${String((series as { count?: number } | undefined)?.count ?? 1)}`,
    );
  return { clock, api, log, recorder, written };
}

describe(createEventRecorder, () => {
  test('writes an event that the API server accepts', async () => {
    const { clock, api, recorder } = start();
    recorder.record(anEvent());
    await clock.settle();
    const [path, event] = [...api.objects][0] ?? [];
    expect(path).toMatch(/^\/apis\/events\.k8s\.io\/v1\/namespaces\/default\/events\/worker\.[0-9a-f]+$/);
    expect(event).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      eventTime: '2026-01-05T00:00:00.000000Z',
      reportingController: 'brupop-controller',
      reportingInstance: 'pod-1',
      action: 'Draining',
      reason: 'Draining',
      regarding: { kind: 'Node', name: 'worker', uid: 'u1' },
      note: 'Evicting pods',
      type: 'Normal',
    });
  });

  test('gives an event about an object with a very long name a valid name', async () => {
    const { clock, api, recorder } = start();
    recorder.record({
      ...anEvent(),
      regarding: { apiVersion: 'v1', kind: 'Node', name: `${'n'.repeat(198)}-.${'n'.repeat(53)}`, uid: 'u1' },
    });
    await clock.settle();
    const name = [...api.objects.keys()][0]?.split('/').at(-1) ?? '';
    expect(name.length).toBeLessThanOrEqual(253);
    expect(name).toMatch(/^n{198}\.[0-9a-f]+$/);
  });

  test.each(['x', 'ä', '漢'])(
    'puts an event into the namespace of its object, and shortens a long message of "%s" to 1,024 bytes',
    async (letter) => {
      const { clock, api, recorder } = start();
      recorder.record(anEvent(`${letter.repeat(5_000)} the end`, 'brupop'));
      await clock.settle();
      const [path, event] = [...api.objects][0] ?? [];
      expect(path).toContain('/namespaces/brupop/events/');
      expect(Buffer.byteLength(String(event?.['note']))).toBeLessThanOrEqual(1_024);
      expect(event?.['note']).toMatch(/ … .* the end$/);
    },
  );

  test('makes a series of what happens again, written once a minute', async () => {
    const { clock, recorder, written } = start();
    recorder.record(anEvent());
    await clock.settle();
    recorder.record(anEvent());
    await clock.settle();
    expect(written()).toEqual(['Evicting pods x2']);
    for (let count = 0; count < 50; count++) recorder.record(anEvent());
    await clock.advance(59_999);
    expect(written()).toEqual(['Evicting pods x2']);
    await clock.advance(1);
    expect(written()).toEqual(['Evicting pods x52']);
  });

  test('begins a new event after a pause, and when the event has expired', async () => {
    const { clock, api, recorder, written } = start();
    recorder.record(anEvent());
    await clock.advance(7 * 60_000);
    recorder.record(anEvent());
    await clock.settle();
    expect(written()).toEqual(['Evicting pods x1', 'Evicting pods x1']);
    api.objects.clear();
    recorder.record(anEvent());
    await clock.settle();
    expect(written()).toEqual(['Evicting pods x2']);
  });

  test('records a standing state once, whichever process records it', async () => {
    const { clock, api, recorder, written } = start();
    const other = createEventRecorder({
      client: api.client(clock),
      clock,
      log: memoryLogger(),
      component: 'brupop-controller',
      instance: 'pod-2',
    });
    const state = { ...anEvent('No agent'), standing: true };
    recorder.record(state);
    await clock.settle();
    await clock.advance(20 * 60_000);
    other.record(state);
    await clock.advance(60_000);
    expect(written()).toEqual(['No agent x1']);
    other.record({ ...state, message: 'No shadow' });
    other.record({ ...state, regarding: { ...state.regarding, uid: 'u2' } });
    await clock.settle();
    expect(written().sort()).toEqual(['No agent x1', 'No agent x1', 'No shadow x1']);
  });

  test('retries a few times while the API server is unavailable', async () => {
    const { clock, api, recorder, written } = start();
    api.fault = () => Promise.resolve(jsonResponse(503, {}));
    recorder.record(anEvent('early'));
    await clock.advance(1_000);
    api.fault = () => undefined;
    await clock.advance(5_000);
    expect(written()).toEqual(['early x1']);
    api.fault = () => Promise.reject(new Error('down'));
    recorder.record(anEvent('lost'));
    await clock.advance(60_000);
    api.fault = () => undefined;
    await clock.advance(60_000);
    expect(written()).toEqual(['early x1']);
  });

  test('does not retry when it is refused', async () => {
    const { clock, api, recorder, written } = start();
    api.fault = () => Promise.resolve(jsonResponse(403, {}));
    recorder.record(anEvent());
    await clock.settle();
    api.fault = () => undefined;
    await clock.advance(60_000);
    expect(written()).toEqual([]);
  });

  test('logs refused events with the message of the API server, once a minute', async () => {
    const { clock, api, log, recorder } = start();
    api.fault = () => Promise.resolve(jsonResponse(403, { kind: 'Status', code: 403, message: 'forbidden by a policy' }));
    for (let event = 0; event < 10; event++) {
      recorder.record(anEvent(`message ${String(event)}`));
      await clock.advance(10_000);
    }
    const lines = log.entries.filter(({ level, message }) => level === 'warn' && message === 'Events could not be written');
    expect(lines.map(({ fields }) => fields['events'])).toEqual([1, 6]);
    expect(String(lines[0]?.fields['error'])).toContain('forbidden by a policy');
  });

  test('drops events beyond its capacity, logs that it does, and forgets written events first', async () => {
    const { clock, recorder, written, log } = start(3);
    for (let count = 0; count < 5; count++) recorder.record(anEvent(`m${String(count)}`));
    await clock.settle();
    expect([written(), log.entries[0]?.fields]).toEqual([['m0 x1', 'm1 x1', 'm2 x1'], { dropped: 2, reason: 'too many are pending' }]);
    recorder.record(anEvent('later'));
    await clock.settle();
    expect(written().at(-1)).toBe('later x1');
  });

  test('flush sends what is waiting for its minute', async () => {
    const { clock, recorder, written } = start();
    for (let count = 0; count < 5; count++) {
      recorder.record(anEvent());
      await clock.settle();
    }
    await recorder.flush();
    expect(written()).toEqual(['Evicting pods x5']);
  });

  test('flush does not wait indefinitely', async () => {
    const { clock, api, recorder } = start();
    api.fault = () => new Promise(() => undefined);
    recorder.record(anEvent());
    const flushed = recorder.flush();
    await clock.advance(5_000);
    await expect(flushed).resolves.toBeUndefined();
  });

  test('never throws', () => {
    const { recorder, log } = start();
    recorder.record(undefined as unknown as EventInput);
    expect(log.entries[0]?.message).toBe('Recording an event failed');
  });
});
