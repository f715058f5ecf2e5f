import type { Clock } from '@brupop/ports';

/** Runs one step with its own deadline. Earlier work, such as a build, does not count. */
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
