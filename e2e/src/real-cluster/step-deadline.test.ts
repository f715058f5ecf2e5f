import { VirtualClock } from '@brupop/ports';
import { describe, expect, test } from '@jest/globals';
import { withStepDeadline } from './step-deadline.ts';

const MINUTE = 60_000;

describe(withStepDeadline, () => {
  const never = new AbortController().signal;
  const forEver = (signal: AbortSignal): Promise<void> =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    });

  test('a step that takes too long fails with the option that gives it more time', async () => {
    const clock = new VirtualClock();
    const step = expect(withStepDeadline(45 * MINUTE, { clock, signal: never }, forEver)).rejects.toThrow(
      'the step took longer than 45 minutes; --timeout-minutes N gives each step more',
    );
    await clock.advance(45 * MINUTE);
    await step;
  });

  test('each step has the whole time, whatever came before it', async () => {
    const clock = new VirtualClock();
    await clock.advance(300 * MINUTE);
    let passed = 0;
    for (let step = 0; step < 3; step++) {
      const running = withStepDeadline(45 * MINUTE, { clock, signal: never }, async (signal) => {
        await clock.advance(44 * MINUTE);
        signal.throwIfAborted();
        passed++;
      });
      await running;
    }
    expect(passed).toBe(3);
  });

  test('an interruption by the user is not reported as a deadline', async () => {
    const stop = new AbortController();
    const clock = new VirtualClock();
    const step = expect(withStepDeadline(45 * MINUTE, { clock, signal: stop.signal }, forEver)).rejects.toThrow('stopped by SIGINT');
    stop.abort(new Error('stopped by SIGINT'));
    await step;
  });
});
