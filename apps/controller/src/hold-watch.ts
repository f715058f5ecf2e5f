import type { BottlerocketShadow } from '@brupop/crd-models';
import { nodeNameOf } from '@brupop/crd-models';
import { followHolds, NO_SPANS } from '@brupop/state-machine';
import type { FleetHold, Moment } from '@brupop/state-machine';

/** Tells which holds have lasted for longer than they should. Kept in memory; what was told already, the shadows themselves tell the next leader. */
export interface HoldWatch {
  /**
   * @returns the holds of the plan, those that have lasted marked; and in how many milliseconds to look again, if nothing changes before
   */
  look(
    holds: readonly FleetHold[],
    shadows: readonly BottlerocketShadow[],
    now: Moment,
  ): { readonly holds: readonly FleetHold[]; readonly againInMs: number | undefined };
  /** Nothing that was seen before counts any more: somebody else may have led in between. */
  forget(): void;
}

export function createHoldWatch(): HoldWatch {
  let spans = NO_SPANS;
  return {
    look(holds, shadows, now) {
      let carried: ReadonlyMap<string, string> | undefined;
      const followed = followHolds(spans, holds, (node) => (carried ??= troubles(shadows)).get(node), now);
      spans = followed.spans;
      return { holds: followed.holds, againInMs: followed.nextAt === undefined ? undefined : Math.max(0, followed.nextAt - now.steady) };
    },
    forget() {
      spans = NO_SPANS;
    },
  };
}

/** By node: why its shadow says that it needs attention, or that its drain is blocked. */
function troubles(shadows: readonly BottlerocketShadow[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const shadow of shadows) {
    const node = nodeNameOf(shadow);
    const conditions = shadow.status?.conditions?.filter(({ status }) => status === 'False') ?? [];
    const told = conditions.find(({ type }) => type === 'Healthy') ?? conditions.find(({ reason }) => reason === 'DrainBlocked');
    if (node !== undefined && told !== undefined) found.set(node, told.reason);
  }
  return found;
}
