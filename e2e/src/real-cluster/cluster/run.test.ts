import { VirtualClock } from '@brupop/ports';
import { describe, expect, test } from '@jest/globals';
import { run } from './run.ts';

describe(run, () => {
  test('a command that prints nothing for too long is killed, with an explanation', async () => {
    const clock = new VirtualClock();
    const silent = run('sleep', ['3600'], { timeoutMs: Infinity, silenceMs: 60_000, clock });
    const ended = expect(silent).rejects.toThrow('sleep 3600: printed nothing for 60 s');
    await clock.advance(60_000);
    await ended;
  });

  test('one that ends in time is not, however long others may be silent', async () => {
    expect(await run('echo', ['done'], { timeoutMs: Infinity, silenceMs: 60_000, clock: new VirtualClock() })).toBe('done\n');
  });
});
