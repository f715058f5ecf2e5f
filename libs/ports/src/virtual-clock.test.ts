import { describe, expect, test } from '@jest/globals';
import { sleep, VirtualClock } from './index.ts';

describe(VirtualClock, () => {
  test('does not advance by itself', async () => {
    const clock = new VirtualClock(1_000);
    const fired: number[] = [];
    clock.setTimer(10, () => fired.push(clock.now()));
    await clock.settle();
    expect([clock.now(), clock.monotonic(), fired]).toEqual([1_000, 0, []]);
    await clock.advance(10);
    expect([clock.now(), clock.monotonic(), fired]).toEqual([1_010, 10, [1_010]]);
  });

  test('fires timers in the order of their time, and of their creation at the same instant', async () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    for (const [name, at] of Object.entries({ d: 50, b: 20, c: 20, a: 10, f: 90, e: 70 })) clock.setTimer(at, () => order.push(name));
    await clock.advance(100);
    expect(order.join('')).toBe('abcdef');
  });

  test('fires timers set by timers, at their own time', async () => {
    const clock = new VirtualClock(0);
    const seen: number[] = [];
    const tick = (): void => {
      seen.push(clock.monotonic());
      if (seen.length < 4) clock.setTimer(5, tick);
    };
    clock.setTimer(5, tick);
    await clock.advance(100);
    expect(seen).toEqual([5, 10, 15, 20]);
    expect(clock.monotonic()).toBe(100);
  });

  test('fires a timer whose time lies in the past at the next step', async () => {
    const clock = new VirtualClock(0);
    const seen: string[] = [];
    clock.setTimer(-5, () => seen.push('past'));
    expect(seen).toEqual([]);
    await clock.advance(1);
    expect(seen).toEqual(['past']);
  });

  test('ignores cancelled timers, whether they are due with others or have fired', async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    const cancelThird = clock.setTimer(10, () => seen.push('third'));
    const cancelFirst = clock.setTimer(5, () => {
      seen.push('first');
      cancelThird();
    });
    clock.setTimer(10, () => seen.push('second'));
    await clock.advance(7);
    cancelFirst();
    await clock.advance(7);
    expect(seen).toEqual(['first', 'second']);
  });

  test('completes chains of promises before time advances', async () => {
    const clock = new VirtualClock(0);
    const seen: number[] = [];
    const run = async (): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        await sleep(clock, 10);
        for (let hop = 0; hop < 20; hop++) await Promise.resolve();
        seen.push(clock.monotonic());
      }
    };
    const running = run();
    await clock.advance(30);
    await running;
    expect(seen).toEqual([10, 20, 30]);
  });

  test('jump shifts the wall clock without affecting timers', async () => {
    const clock = new VirtualClock(1_000_000);
    const seen: number[] = [];
    clock.setTimer(100, () => seen.push(clock.monotonic()));
    clock.jump(-500_000);
    expect([clock.now(), clock.monotonic()]).toEqual([500_000, 0]);
    await clock.advance(100);
    expect(seen).toEqual([100]);
  });

  test.each([
    { name: 'stops as soon as the condition is true', wanted: 3, limitMs: 1_000, result: true, atMs: 30 },
    { name: 'does not advance if the condition is already true', wanted: 0, limitMs: 1_000, result: true, atMs: 0 },
    { name: 'stops at the limit', wanted: 9, limitMs: 50, result: false, atMs: 50 },
  ])('advanceUntil $name', async ({ wanted, limitMs, result, atMs }) => {
    const clock = new VirtualClock(0);
    let count = 0;
    const tick = (): void => {
      count++;
      clock.setTimer(10, tick);
    };
    clock.setTimer(10, tick);
    expect(await clock.advanceUntil(() => count >= wanted, limitMs)).toBe(result);
    expect(clock.monotonic()).toBe(atMs);
  });
});
