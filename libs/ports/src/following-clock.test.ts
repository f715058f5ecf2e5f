import { describe, expect, test } from '@jest/globals';
import { FollowingClock } from './following-clock.ts';
import { VirtualClock } from './virtual-clock.ts';

const MINUTE = 60_000;

describe(FollowingClock, () => {
  const aPair = (): { clock: VirtualClock; following: FollowingClock; tell: (aheadMs: number) => void; aheadMs: () => number } => {
    const clock = new VirtualClock();
    const start = clock.now();
    const following = new FollowingClock(clock);
    const trueMs = (): number => start + clock.monotonic();
    return {
      clock,
      following,
      tell: (aheadMs) => {
        following.follow(new Date(trueMs() + aheadMs).toUTCString());
      },
      aheadMs: () => Math.round((following.now() - trueMs()) / 1_000) * 1_000,
    };
  };

  test('is the machine’s own until a server tells another time', () => {
    const { following, clock, tell } = aPair();
    following.follow(undefined);
    following.follow('yesterday');
    tell(1_500);
    expect(following.now()).toBe(clock.now());
  });

  test.each([20 * MINUTE, -20 * MINUTE])('takes over the time of a server that is %d ms ahead, and keeps it', async (aheadMs) => {
    const { clock, tell, aheadMs: ahead } = aPair();
    tell(aheadMs);
    expect(ahead()).toBe(aheadMs);
    await clock.advance(10 * MINUTE + 700);
    tell(aheadMs);
    expect(ahead()).toBe(aheadMs);
  });

  test('does not jump with the machine’s wall clock', async () => {
    const { clock, tell, aheadMs } = aPair();
    clock.jump(20 * MINUTE);
    tell(0);
    await clock.advance(MINUTE);
    clock.jump(-5 * MINUTE);
    expect(aheadMs()).toBe(0);
  });
});
