import { sleep, VirtualClock } from '@brupop/ports';
import { describe, expect, test } from '@jest/globals';
import { createExclusion } from './exclusion.ts';

describe(createExclusion, () => {
  test('runs one task after the other in the order of the calls, although one fails', async () => {
    const clock = new VirtualClock();
    const exclusion = createExclusion();
    const log: string[] = [];
    const run = (name: string, ms: number, error?: Error): Promise<string> =>
      exclusion.run(async () => {
        log.push(`${name} starts`);
        await sleep(clock, ms);
        log.push(`${name} ends`);
        if (error !== undefined) throw error;
        return name;
      });
    const results = Promise.allSettled([run('a', 30), run('b', 20, new Error('failed')), run('c', 10)]);
    expect(exclusion.waiting()).toBe(3);
    await clock.advance(10);
    expect(exclusion.waiting()).toBe(2);
    await clock.advance(90);
    expect(exclusion.waiting()).toBe(0);
    expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(log).toEqual(['a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends']);
  });
});
