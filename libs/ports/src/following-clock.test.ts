import { describe, expect, test } from '@jest/globals';
import { FollowingClock } from './following-clock.ts';
import { VirtualClock } from './virtual-clock.ts';

const MINUTE = 60_000;

describe(FollowingClock, () => {
  const aPair = (): { clock: VirtualClock; following: FollowingClock; follow: (aheadMs: number) => void; aheadMs: () => number } => {
    const clock = new VirtualClock();
    const start = clock.now();
    const following = new FollowingClock(clock);
    const trueMs = (): number => start + clock.monotonic();
    return {
      clock,
      following,
      follow: (aheadMs) => {
        following.follow(new Date(trueMs() + aheadMs).toUTCString());
      },
      aheadMs: () => Math.round((following.now() - trueMs()) / 1_000) * 1_000,
    };
  };

  test('is the machine’s own time until a server’s time differs', () => {
    const { following, clock, follow } = aPair();
    following.follow(undefined);
    following.follow('yesterday');
    follow(1_500);
    expect(following.now()).toBe(clock.now());
  });

  test.each([20 * MINUTE, -20 * MINUTE])('follows a server that is %d ms ahead, and keeps its time', async (aheadMs) => {
    const { clock, follow, aheadMs: ahead } = aPair();
    follow(aheadMs);
    expect(ahead()).toBe(aheadMs);
    await clock.advance(10 * MINUTE + 700);
    follow(aheadMs);
    expect(ahead()).toBe(aheadMs);
  });

  test('does not jump with the machine’s wall clock', async () => {
    const { clock, follow, aheadMs } = aPair();
    clock.jump(20 * MINUTE);
    follow(0);
    await clock.advance(MINUTE);
    clock.jump(-5 * MINUTE);
    expect(aheadMs()).toBe(0);
  });
});
