import type { ShadowState } from '@brupop/crd-models';
import type { ObservedFleet } from '@brupop/e2e';
import type { Clock } from '@brupop/ports';

/** Measures the time from each status with the desired state to the next spec. @returns a function that returns the milliseconds so far */
export function watchReactions(fleet: Pick<ObservedFleet, 'onShadow'>, clock: Clock): () => readonly number[] {
  const reached = new Map<string, { readonly state: ShadowState; readonly atMs: number }>();
  const reactionsMs: number[] = [];
  fleet.onShadow(({ metadata: { name }, spec, status }) => {
    const before = reached.get(name);
    if (before !== undefined && before.state !== spec.state) {
      reactionsMs.push(clock.monotonic() - before.atMs);
      reached.delete(name);
    } else if (before === undefined && spec.state !== 'Idle' && status?.current_state === spec.state) {
      reached.set(name, { state: spec.state, atMs: clock.monotonic() });
    }
  });
  return () => reactionsMs;
}
