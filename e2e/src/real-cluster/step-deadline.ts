import type { Clock } from '@brupop/ports';

/** Runs one step with a deadline of its own. Whatever ended before, such as a build, has not used any of it. */
export async function withStepDeadline(
  limitMs: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  run: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const late = new AbortController();
  const stopTimer = clock.setTimer(limitMs, () => {
    late.abort(new Error(`the step took longer than ${limitMs / 60_000} minutes; --timeout-minutes N gives each step more`));
  });
  try {
    await run(AbortSignal.any([signal, late.signal]));
  } finally {
    stopTimer();
  }
}
