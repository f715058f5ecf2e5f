import { describe, expect, test } from '@jest/globals';
import { VirtualClock } from '@brupop/ports';
import { createShadowNotifier, isOlder, matchesEtag } from './shadow-notifier.ts';
import { newShadow } from './shadow-writes.ts';

const { signal } = new AbortController();

/** Waits on a notifier. @returns when the wait ended, in ms */
async function endOf(wait: (clock: VirtualClock) => Promise<void>): Promise<number> {
  const clock = new VirtualClock();
  let endedMs: number | undefined;
  void wait(clock).then(() => (endedMs = clock.monotonic()));
  await clock.advanceUntil(() => endedMs !== undefined, 100_000);
  return endedMs ?? -1;
}

describe(createShadowNotifier, () => {
  test.each<{ name: string; wait: (clock: VirtualClock) => Promise<void>; expected: number }>([
    { name: 'ends after the given time', wait: (clock) => createShadowNotifier(clock).change('a', 30_000, signal), expected: 30_000 },
    {
      name: 'ends with a change of its shadow',
      wait: (clock) => {
        const notifier = createShadowNotifier(clock);
        clock.setTimer(1_000, () => {
          notifier.notify('b');
        });
        clock.setTimer(2_000, () => {
          notifier.notify('a');
        });
        return notifier.change('a', 30_000, signal);
      },
      expected: 2_000,
    },
    {
      name: 'ends when all shadows are announced',
      wait: (clock) => {
        const notifier = createShadowNotifier(clock);
        clock.setTimer(1_000, () => {
          notifier.notify();
        });
        return notifier.change('a', 30_000, signal);
      },
      expected: 1_000,
    },
    {
      name: 'ends when the caller disconnects',
      wait: (clock) => {
        const caller = new AbortController();
        clock.setTimer(1_000, () => {
          caller.abort();
        });
        return createShadowNotifier(clock).change('a', 30_000, caller.signal);
      },
      expected: 1_000,
    },
    {
      name: 'ends when the notifier closes',
      wait: (clock) => {
        const notifier = createShadowNotifier(clock);
        clock.setTimer(1_000, () => {
          notifier.close();
        });
        return notifier.change('a', 30_000, signal);
      },
      expected: 1_000,
    },
    {
      name: 'ends immediately on a closed notifier',
      wait: (clock) => {
        const notifier = createShadowNotifier(clock);
        notifier.close();
        return notifier.change('a', 30_000, signal);
      },
      expected: 0,
    },
  ])('$name', async ({ wait, expected }) => {
    expect(await endOf(wait)).toBe(expected);
  });
});

describe(matchesEtag, () => {
  test.each([
    { name: 'the same', header: '"7"', expected: true },
    { name: 'the same, weak', header: 'W/"7"', expected: true },
    { name: 'one of several', header: '"5", "7"', expected: true },
    { name: 'another', header: '"77"', expected: false },
    { name: 'none', header: undefined, expected: false },
  ])('compares $name', ({ header, expected }) => {
    expect(matchesEtag(header, '"7"')).toBe(expected);
  });
});

describe(isOlder, () => {
  const shadow = (resourceVersion: string): ReturnType<typeof newShadow> => ({
    ...newShadow({ name: 'n', uid: 'u' }, 'ns'),
    metadata: { name: 'n', resourceVersion },
  });
  test.each([
    { name: 'smaller is older', header: '"100"', version: '99', expected: true },
    { name: 'equal is not', header: '"100"', version: '100', expected: false },
    { name: 'greater is not', header: '"99"', version: '100', expected: false },
    { name: 'a tag that is not a number cannot be compared', header: '"x"', version: '1', expected: false },
    { name: 'several tags cannot be compared', header: '"100", "101"', version: '1', expected: false },
    { name: 'a missing tag is never newer', header: undefined, version: '1', expected: false },
  ])('$name', ({ header, version, expected }) => {
    expect(isOlder(header, shadow(version))).toBe(expected);
  });
});
