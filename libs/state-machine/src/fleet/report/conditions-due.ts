import type { ObservedShadow } from '@brupop/crd-models';
import type { FleetHold } from '../model/plan.ts';
import { changedConditions, isWait, updating } from './shadow-conditions.ts';

/**
 * How soon the conditions of a shadow should be written. `late`: only the reason for waiting changes, which it does for the whole fleet at
 * once when a window opens. `settling`: it will soon change again by itself.
 */
export type ConditionsDue = 'none' | 'settling' | 'late' | 'soon';

/** @param hold why its node takes no step now */
export function conditionsDue(shadow: ObservedShadow, hold: FleetHold): ConditionsDue {
  // The API server would reject the write.
  if (shadow.fault !== undefined) return 'none';
  const changes = changedConditions(shadow, hold);
  if (changes?.length === 0) return 'none';
  if (changes?.length !== 1 || changes[0] !== 'Updating') return 'soon';
  if (hold.reason === 'NotChecked') return 'settling';
  const carriesWait = shadow.status?.conditions?.some(isWait) === true;
  return carriesWait && isWait({ type: 'Updating', ...updating(shadow, hold) }) ? 'late' : 'soon';
}
