import type { BottlerocketShadow } from '@brupop/crd-models';
import { nodeNameOf } from '@brupop/crd-models';
import { followHolds, NO_SPANS } from '@brupop/state-machine';
import type { FleetHold, Moment } from '@brupop/state-machine';

/** Finds holds that have lasted for too long. Kept in memory; the next leader reads from the conditions of the shadows which have been reported. */
export interface HoldWatch {
  /**
   * @returns the holds of the plan, with `lasting` set on those that have lasted too long; and when to look again even if nothing changes, by the steady clock
   */
  look(
    holds: readonly FleetHold[],
    shadows: readonly BottlerocketShadow[],
    now: Moment,
  ): { readonly holds: readonly FleetHold[]; readonly nextAtMs: number | undefined };
  /** Forgets what was seen: another process may have been the leader since. */
  forget(): void;
}

export function createHoldWatch(): HoldWatch {
  let spans = NO_SPANS;
  return {
    look(holds, shadows, now) {
      let reported: ReadonlyMap<string, string> | undefined;
      const followed = followHolds(spans, holds, (node) => (reported ??= reportedTroubles(shadows)).get(node), now);
      spans = followed.spans;
      return { holds: followed.holds, nextAtMs: followed.nextAt };
    },
    forget() {
      spans = NO_SPANS;
    },
  };
}

/** By node: the reason why its conditions say that it needs attention or that its drain is blocked. */
function reportedTroubles(shadows: readonly BottlerocketShadow[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const shadow of shadows) {
    const node = nodeNameOf(shadow);
    const conditions = shadow.status?.conditions?.filter(({ status }) => status === 'False') ?? [];
    const trouble = conditions.find(({ type }) => type === 'Healthy') ?? conditions.find(({ reason }) => reason === 'DrainBlocked');
    if (node !== undefined && trouble !== undefined) found.set(node, trouble.reason);
  }
  return found;
}
