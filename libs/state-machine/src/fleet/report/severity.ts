import type { FleetHold } from '../model/plan.ts';
import { HOLD_REASONS } from './reasons.ts';
import type { Loudness } from './reasons.ts';

/** How loudly a hold is told now. */
export function loudnessOf({
  reason,
  lasting = false,
}: Pick<FleetHold, 'reason' | 'lasting'>): Exclude<Loudness, 'lasting' | 'late-notice'> {
  const { loudness } = HOLD_REASONS[reason];
  if (loudness === 'lasting') return lasting ? 'trouble' : 'quiet';
  if (loudness === 'late-notice') return lasting ? 'notice' : 'quiet';
  return loudness;
}
