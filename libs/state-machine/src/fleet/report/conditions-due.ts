import type { ObservedShadow } from '@brupop/crd-models';
import type { FleetHold } from '../model/plan.ts';
import { isWait, otherConditions, updating } from './shadow-conditions.ts';

/**
 * Whether, and how soon, a shadow should get other conditions. `late`: only the reason why the node waits for its update is another one. When a window opens that is
 * so for every node of the fleet, and the plan says it at once. `settling`: it will soon be another one by itself.
 */
export type ConditionsDue = 'none' | 'settling' | 'late' | 'soon';

/** @param hold why its node is left as it is */
export function conditionsDue(shadow: ObservedShadow, hold: FleetHold): ConditionsDue {
  // The API server would refuse the write.
  if (shadow.fault !== undefined) return 'none';
  const others = otherConditions(shadow, hold);
  if (others?.length === 0) return 'none';
  if (others?.length !== 1 || others[0] !== 'Updating') return 'soon';
  if (hold.reason === 'NotChecked') return 'settling';
  const carriesWait = shadow.status?.conditions?.some(isWait) === true;
  return carriesWait && isWait({ type: 'Updating', ...updating(shadow, hold) }) ? 'late' : 'soon';
}
