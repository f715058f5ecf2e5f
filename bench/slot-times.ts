import type { BottlerocketShadow } from '@brupop/crd-models';
import type { Clock } from '@brupop/ports';

/** When the slots of `maxConcurrentUpdates` were taken and released. */
export interface SlotTimes {
  readonly firstMs: number;
  readonly lastMs: number;
  /** How long each released slot stayed free while nodes waited. */
  readonly gapsMs: readonly number[];
  /** How long each node had its slot. */
  readonly spansMs: readonly number[];
}

/** A source of the writes of shadows. */
export interface ShadowSource {
  onShadow(listener: (shadow: BottlerocketShadow) => void): unknown;
}

/** Records when each node takes and releases a slot. @returns a function that returns the records so far */
export function watchSlots(fleet: ShadowSource, clock: Clock, nodes: number, slots: number): () => SlotTimes {
  const busySinceMs = new Map<string, number>();
  const freeSinceMs: number[] = [];
  const gapsMs: number[] = [];
  const spansMs: number[] = [];
  let [started, firstMs, lastMs] = [0, NaN, NaN];
  fleet.onShadow(({ metadata: { name }, spec, status }) => {
    const nowMs = clock.monotonic();
    const sinceMs = busySinceMs.get(name);
    const isIdle = spec.state === 'Idle' && (status?.current_state ?? 'Idle') === 'Idle';
    if (!isIdle && sinceMs === undefined) {
      busySinceMs.set(name, nowMs);
      if (started++ === 0) firstMs = nowMs;
      const freeMs = freeSinceMs.shift();
      if (freeMs !== undefined) gapsMs.push(nowMs - freeMs);
    } else if (isIdle && sinceMs !== undefined) {
      busySinceMs.delete(name);
      spansMs.push(nowMs - sinceMs);
      lastMs = nowMs;
      if (started < nodes && busySinceMs.size < slots) freeSinceMs.push(nowMs);
    }
  });
  return () => ({ firstMs, lastMs, gapsMs: gapsMs.length > 0 ? gapsMs : [0], spansMs });
}
