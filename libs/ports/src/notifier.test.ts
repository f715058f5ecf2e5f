import { getEventListeners } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { Notifier, VirtualClock } from './index.ts';

function aNotifier() {
  const clock = new VirtualClock();
  const notifier = new Notifier(clock);
  const stop = new AbortController();
  const ends: string[] = [];
  const wait = (seen: number, ms?: number): void => {
    notifier.wait(seen, ms, stop.signal).then(
      () => ends.push(`resolved @${String(clock.monotonic())}`),
      (error: unknown) => ends.push(`${String(error)} @${String(clock.monotonic())}`),
    );
  };
  /** What has to be released after each wait. */
  const left = (): number => notifier.waiting + getEventListeners(stop.signal, 'abort').length;
  return { clock, notifier, stop, ends, wait, left };
}

describe(Notifier, () => {
  test('wakes everyone at a change, otherwise when the time has passed', async () => {
    const { clock, notifier, ends, wait, left } = aNotifier();
    wait(0, 1_000);
    wait(0);
    expect(notifier.waiting).toBe(2);
    clock.setTimer(300, () => {
      notifier.notify();
    });
    await clock.advance(500);
    wait(notifier.version, 1_000);
    await clock.advance(5_000);
    expect(ends).toEqual(['resolved @300', 'resolved @300', 'resolved @1500']);
    expect(left()).toBe(0);
  });

  test('does not wait if there was a change after the version that was seen', async () => {
    const { clock, notifier, ends, wait, left } = aNotifier();
    const seen = notifier.version;
    notifier.notify();
    notifier.notify();
    wait(seen);
    wait(notifier.version);
    await clock.advance(1_000);
    expect([ends, notifier.waiting]).toEqual([['resolved @0'], 1]);
    notifier.notify();
    expect(left()).toBe(0);
  });

  test('rejects with the reason of a signal that aborts, before the wait or during it', async () => {
    const { clock, stop, ends, wait, left } = aNotifier();
    wait(0);
    await clock.settle();
    stop.abort(new Error('stopping'));
    wait(0, 10);
    await clock.advance(100);
    expect(ends).toEqual(['Error: stopping @0', 'Error: stopping @0']);
    expect(left()).toBe(0);
  });
});
