import { KubeApiError } from '@brupop/kube-runtime';
import { VirtualClock } from '@brupop/ports';
import { describe, expect, test } from '@jest/globals';
import { createFailingWrites } from './failing-writes.ts';

const MINUTE = 60_000;
const answer = (status: number): KubeApiError => new KubeApiError(status, '', `answer ${String(status)}`);

describe(createFailingWrites, () => {
  test.each([
    { name: 'at once if a policy rejects the write', error: answer(403), failures: 1 },
    { name: 'at once if its own content is rejected', error: answer(422), failures: 1 },
    { name: 'after too many failures', error: answer(500), failures: 5 },
    { name: 'never while the API server is busy', error: answer(429), failures: Infinity },
    { name: 'never while the API server is down', error: answer(503), failures: Infinity },
    { name: 'never while the network is down', error: new Error('no route'), failures: Infinity },
  ])('skips a shadow $name', ({ error, failures }) => {
    const writes = createFailingWrites(new VirtualClock());
    const skippedAfter: number[] = [];
    for (let times = 1; times <= 20; times++) {
      writes.failed('brs-a', error);
      if (writes.current().has('brs-a')) skippedAfter.push(times);
    }
    expect(skippedAfter[0] ?? Infinity).toBe(failures);
  });

  test('returns the message of the API server and when the next attempt is due, which is after a minute', async () => {
    const clock = new VirtualClock();
    const writes = createFailingWrites(clock);
    writes.failed('brs-a', answer(403));
    await clock.advance(20_000);
    expect(writes.current()).toEqual(new Map([['brs-a', { message: 'answer 403', until: clock.now() + 40_000 }]]));
    await clock.advance(40_000);
    expect(writes.current()).toEqual(new Map());
  });

  test('starts counting again after a successful write, and after a long time without any', async () => {
    const clock = new VirtualClock();
    const writes = createFailingWrites(clock);
    const failTimes = (times: number): boolean => {
      for (let failed = 0; failed < times; failed++) writes.failed('brs-a', answer(500));
      return writes.current().has('brs-a');
    };
    expect(failTimes(4)).toBe(false);
    writes.succeeded('brs-a');
    expect(failTimes(4)).toBe(false);
    await clock.advance(10 * MINUTE);
    expect(failTimes(4)).toBe(false);
    await clock.advance(10 * MINUTE - 1);
    expect(failTimes(1)).toBe(true);
  });

  test('does not depend on the wall clock', async () => {
    const clock = new VirtualClock();
    const writes = createFailingWrites(clock);
    writes.failed('brs-a', answer(403));
    clock.jump(-60 * MINUTE);
    await clock.advance(MINUTE);
    expect(writes.current()).toEqual(new Map());
  });
});
