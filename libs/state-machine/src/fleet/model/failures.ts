import type { BottlerocketShadow } from '@brupop/crd-models';
import { parseTimestamp } from '../../timestamps.ts';
import type { FleetChange } from './plan.ts';

/**
 * How an update failed: it was not staged; the node was not drained or not rebooted; the new version was not activated or did not boot; the
 * node was not healthy on it; it made no progress before its deadline.
 */
export const FAILURES = ['StagingFailed', 'RebootFailed', 'VersionFailed', 'MonitoringFailed', 'DeadlinePassed'] as const;
/** One of {@link FAILURES}. */
export type Failure = (typeof FAILURES)[number];

/**
 * @param shadow as it was before the change
 * @param now milliseconds since the epoch
 * @returns how the update that the change ends has failed; undefined if the change ends no failed update
 */
export function failureOf(change: FleetChange, shadow: BottlerocketShadow, now: number): Failure | undefined {
  if (change.reason === 'GivenUp') return shadow.spec.state === 'MonitoringUpdate' ? 'MonitoringFailed' : 'DeadlinePassed';
  if (change.reason !== 'ResetAfterError') return undefined;
  if (isUnhealthy(shadow)) return 'MonitoringFailed';
  if (isVersionToBlame(shadow, now)) return 'VersionFailed';
  switch (shadow.spec.state) {
    case 'StagedAndPerformedUpdate':
      return 'StagingFailed';
    case 'RebootedIntoUpdate':
      return 'RebootFailed';
    case 'MonitoringUpdate':
      return 'MonitoringFailed';
    case 'Idle':
    case 'ErrorReset':
      // Someone has set the state in the spec to request a reset.
      return undefined;
  }
}

/** Whether the node runs the version of the failed update, and so was not healthy on it. */
function isUnhealthy({ spec, status }: BottlerocketShadow): boolean {
  return spec.state === 'MonitoringUpdate' && typeof spec.version === 'string' && status?.current_version === spec.version;
}

/** Whether the agent has added the version to the failed versions since the current step began. */
function isVersionToBlame({ spec, status }: BottlerocketShadow, now: number): boolean {
  const failed = status?.failed_versions?.find(({ version }) => version === spec.version);
  const failedAt = parseTimestamp(failed?.last_failure_timestamp, now);
  const beganAt = parseTimestamp(spec.state_transition_timestamp, now);
  return failedAt !== undefined && beganAt !== undefined && failedAt >= beganAt;
}
