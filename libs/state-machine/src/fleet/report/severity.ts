import type { FleetHold } from '../model/plan.ts';
import { HOLD_REASONS, type Severity } from '../model/reasons.ts';

/** The severity of a hold at this moment. */
export function severityOf({
  reason,
  lasting = false,
}: Pick<FleetHold, 'reason' | 'lasting'>): Exclude<Severity, 'lasting' | 'late-notice'> {
  const { severity } = HOLD_REASONS[reason];
  if (severity === 'lasting') return lasting ? 'trouble' : 'quiet';
  if (severity === 'late-notice') return lasting ? 'notice' : 'quiet';
  return severity;
}
