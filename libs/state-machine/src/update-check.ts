import type { ShadowStatus } from '@brupop/crd-models';

/** What is known about updates for a host. `Unknown`: its agent is an older one that does not report when the host last checked. */
export type KnownCheck = 'UpdateAvailable' | 'NothingNewer' | 'NotChecked' | 'Failing' | 'Unknown';

/** What is known about updates for the host with this status. */
export function knownCheck(status: ShadowStatus): KnownCheck {
  const { update_check: check, current_version, target_version } = status;
  // Without the field, a failure message of a node that has neither another version nor a failed update is that of a failed check.
  if (check == null) return isFailedCheck(status) ? 'Failing' : current_version === target_version ? 'Unknown' : 'UpdateAvailable';
  if (check.result === 'Failing' || check.result === 'NotChecked') return check.result;
  if (current_version !== target_version) return 'UpdateAvailable';
  // A result of a newer agent that this controller does not know must not pass for a good one.
  return check.result === 'NothingNewer' ? 'NothingNewer' : 'Unknown';
}

/** Why the host cannot check for updates, as its agent reports; undefined if the agent reports no such failure. */
export function updateCheckFailure(status: ShadowStatus): string | undefined {
  if (knownCheck(status) !== 'Failing') return undefined;
  const message = status.update_check == null ? status.failure_message : status.update_check.message;
  return message == null || message === '' ? 'The host cannot check for updates' : message;
}

/** Whether the failure in a status is that of a check for updates and not of an update. */
export function isFailedCheck({ current_version, target_version, crash_count, failure_message }: ShadowStatus): boolean {
  return current_version === target_version && crash_count === 0 && (failure_message ?? '') !== '';
}
