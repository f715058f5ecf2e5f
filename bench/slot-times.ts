import type { BottlerocketShadow } from '@brupop/crd-models';
import type { Clock } from '@brupop/ports';

/** When slots of `maxConcurrentUpdates` were taken and given back. */
export interface SlotTimes {
  readonly firstMs: number;
  readonly lastMs: number;
  /** How long each slot that became free stayed free while nodes waited. */
  readonly gapsMs: readonly number[];
  /** How long each node held its slot. */
  readonly spansMs: readonly number[];
}

/** Whatever tells of each write of a shadow. */
export interface ShadowSource {
  onShadow(listener: (shadow: BottlerocketShadow) => void): unknown;
}

/** Notes when each node takes a slot and gives it back. @returns tells what has been noted so far */
export function watchSlots(fleet: ShadowSource, clock: Clock, nodes: number, slots: number): () => SlotTimes {
  const heldSinceMs = new Map<string, number>();
  const freeSinceMs: number[] = [];
  const gapsMs: number[] = [];
  const spansMs: number[] = [];
  let [started, firstMs, lastMs] = [0, NaN, NaN];
  fleet.onShadow(({ metadata: { name }, spec, status }) => {
    const nowMs = clock.monotonic();
    const sinceMs = heldSinceMs.get(name);
    const isIdle = spec.state === 'Idle' && (status?.current_state ?? 'Idle') === 'Idle';
    if (!isIdle && sinceMs === undefined) {
      heldSinceMs.set(name, nowMs);
      if (started++ === 0) firstMs = nowMs;
      const freeMs = freeSinceMs.shift();
      if (freeMs !== undefined) gapsMs.push(nowMs - freeMs);
    } else if (isIdle && sinceMs !== undefined) {
      heldSinceMs.delete(name);
      spansMs.push(nowMs - sinceMs);
      lastMs = nowMs;
      if (started < nodes && heldSinceMs.size < slots) freeSinceMs.push(nowMs);
    }
  });
  return () => ({ firstMs, lastMs, gapsMs: gapsMs.length > 0 ? gapsMs : [0], spansMs });
}
