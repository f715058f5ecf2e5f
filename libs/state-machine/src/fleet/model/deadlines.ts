import type { BottlerocketShadow, ShadowState } from '@brupop/crd-models';
import { parseTimestamp } from '../../timestamps.ts';
import type { FleetPolicy } from './policy.ts';

/**
 * When the node counts as stuck in its current step, milliseconds since the epoch. The step began when the controller last wrote the spec
 * or, if that timestamp is invalid, when the shadow was created. A shadow without any valid time is past its deadline.
 */
export function deadlineOf(shadow: BottlerocketShadow, policy: FleetPolicy, now: number): number {
  const { spec, metadata } = shadow;
  const began = parseTimestamp(spec.state_transition_timestamp, now) ?? parseTimestamp(metadata.creationTimestamp, now) ?? 0;
  return began + timeoutMs(spec.state, policy);
}

function timeoutMs(state: ShadowState, { timeouts, soakMs }: FleetPolicy): number {
  switch (state) {
    case 'StagedAndPerformedUpdate':
      return timeouts.stagedMs;
    case 'RebootedIntoUpdate':
      return timeouts.rebootedMs;
    case 'MonitoringUpdate':
      return timeouts.monitoringMs + soakMs;
    case 'Idle':
    case 'ErrorReset':
      return timeouts.recoveryMs;
  }
}
