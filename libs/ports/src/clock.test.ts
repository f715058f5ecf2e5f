import { describe, expect, test } from '@jest/globals';
import { sleep, systemClock, VirtualClock } from './index.ts';

describe(sleep, () => {
  test('resolves when the time has passed, not before', async () => {
    const clock = new VirtualClock();
    let awake = false;
    const sleeping = sleep(clock, 1_000).then(() => (awake = true));
    await clock.advance(999);
    expect(awake).toBe(false);
    await clock.advance(1);
    await sleeping;
    expect(awake).toBe(true);
  });

  test('rejects with the reason of a signal that aborts during the sleep', async () => {
    const clock = new VirtualClock();
    const abort = new AbortController();
    const sleeping = sleep(clock, 1_000, abort.signal);
    abort.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
  });

  test('rejects immediately if the signal has already aborted', async () => {
    await expect(sleep(new VirtualClock(), 1_000, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });

  test('is not affected by an abort after its end', async () => {
    const clock = new VirtualClock();
    const abort = new AbortController();
    const sleeping = sleep(clock, 1, abort.signal);
    await clock.advance(1);
    abort.abort(new Error('too late'));
    await expect(sleeping).resolves.toBeUndefined();
  });
});

describe('systemClock', () => {
  test('fires a timer without delay', async () => {
    await expect(sleep(systemClock, 0)).resolves.toBeUndefined();
  });

  test('does not fire a cancelled timer, nor one whose delay exceeds the maximum of setTimeout', async () => {
    const fired: string[] = [];
    const cancel = systemClock.setTimer(0, () => fired.push('cancelled'));
    cancel();
    cancel();
    const cancelFar = systemClock.setTimer(2 ** 31 + 5, () => fired.push('far'));
    await sleep(systemClock, 2);
    cancelFar();
    expect(fired).toEqual([]);
  });

  test('has a wall-clock time and a time that never decreases', () => {
    const before = systemClock.monotonic();
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
    expect(systemClock.monotonic()).toBeGreaterThanOrEqual(before);
  });
});
