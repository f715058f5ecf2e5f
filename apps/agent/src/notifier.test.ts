import { VirtualClock } from '@brupop/ports';
import { describe, expect, test } from '@jest/globals';
import { createNotifier } from './notifier.ts';

function aDoorbell() {
  const clock = new VirtualClock();
  const bell = createNotifier(clock);
  const stop = new AbortController();
  const wakes: string[] = [];
  const wait = (ms?: number): void => {
    bell.wait(ms, stop.signal).then(
      () => wakes.push(`woken @${String(clock.monotonic())}`),
      (error: unknown) => wakes.push(String(error)),
    );
  };
  return { clock, bell, stop, wakes, wait };
}

describe(createNotifier, () => {
  test('wakes at a notify, else when the time is up', async () => {
    const { clock, bell, wakes, wait } = aDoorbell();
    wait(1_000);
    clock.setTimer(300, () => {
      bell.notify();
    });
    await clock.advance(500);
    wait(1_000);
    await clock.advance(5_000);
    expect(wakes).toEqual(['woken @300', 'woken @1500']);
  });

  test('keeps one notify for who was not there, however often it was notified', async () => {
    const { clock, bell, wakes, wait } = aDoorbell();
    bell.notify();
    bell.notify();
    wait();
    await clock.advance(1_000);
    wait();
    await clock.advance(1_000);
    expect(wakes).toEqual(['woken @0']);
  });

  test('lets go of who is to end', async () => {
    const { clock, stop, wakes, wait } = aDoorbell();
    wait();
    await clock.settle();
    stop.abort(new Error('stopping'));
    wait();
    await clock.settle();
    expect(wakes).toEqual(['Error: stopping', 'Error: stopping']);
  });
});
