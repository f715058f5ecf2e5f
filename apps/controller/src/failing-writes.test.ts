import { KubeApiError } from '@brupop/kube-runtime';
import { VirtualClock } from '@brupop/ports';
import { describe, expect, test } from '@jest/globals';
import { createFailingWrites } from './failing-writes.ts';

const MINUTE = 60_000;
const answer = (status: number): KubeApiError => new KubeApiError(status, '', `answer ${String(status)}`);

describe(createFailingWrites, () => {
  test.each([
    { name: 'at once where it is refused by a policy', error: answer(403), failures: 1 },
    { name: 'at once where its own content is refused', error: answer(422), failures: 1 },
    { name: 'once it has failed too often', error: answer(500), failures: 5 },
    { name: 'never for an API server that is busy', error: answer(429), failures: Infinity },
    { name: 'never for an API server that is down', error: answer(503), failures: Infinity },
    { name: 'never for a network that is down', error: new Error('no route'), failures: Infinity },
  ])('leaves a shadow alone $name', ({ error, failures }) => {
    const writes = createFailingWrites(new VirtualClock());
    const leftAloneAfter: number[] = [];
    for (let times = 1; times <= 20; times++) {
      writes.failed('brs-a', error);
      if (writes.current().has('brs-a')) leftAloneAfter.push(times);
    }
    expect(leftAloneAfter[0] ?? Infinity).toBe(failures);
  });

  test('tells what Kubernetes says and when the next is tried, and after that minute lets it be tried', async () => {
    const clock = new VirtualClock();
    const writes = createFailingWrites(clock);
    writes.failed('brs-a', answer(403));
    await clock.advance(20_000);
    expect(writes.current()).toEqual(new Map([['brs-a', { message: 'answer 403', until: clock.now() + 40_000 }]]));
    await clock.advance(40_000);
    expect(writes.current()).toEqual(new Map());
  });

  test('begins anew with a write that succeeds, and after a long time without any', async () => {
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

  test('does not take the wall clock for the time that passes', async () => {
    const clock = new VirtualClock();
    const writes = createFailingWrites(clock);
    writes.failed('brs-a', answer(403));
    clock.jump(-60 * MINUTE);
    await clock.advance(MINUTE);
    expect(writes.current()).toEqual(new Map());
  });
});
