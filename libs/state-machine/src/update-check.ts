import type { ShadowStatus } from '@brupop/crd-models';

/** What is known of updates for a host. `Untold`: its agent, of Brupop 1.x or an older one of ours, does not say when the host last checked. */
export type KnownCheck = 'UpdateAvailable' | 'NothingNewer' | 'NotChecked' | 'Failing' | 'Untold';

/** What is known of updates for the host with this status. */
export function knownCheck(status: ShadowStatus): KnownCheck {
  const { update_check: check, current_version, target_version } = status;
  // What an agent without the field tells while there is neither another version nor a failed update can be nothing else.
  if (check == null) return isFailedCheck(status) ? 'Failing' : current_version === target_version ? 'Untold' : 'UpdateAvailable';
  if (check.result === 'Failing' || check.result === 'NotChecked') return check.result;
  if (current_version !== target_version) return 'UpdateAvailable';
  // A result that only newer agents know says nothing good.
  return check.result === 'NothingNewer' ? 'NothingNewer' : 'Untold';
}

/** Why the host cannot check for updates, as its agent tells; undefined: it can, as far as the agent knows. */
export function updateCheckFailure(status: ShadowStatus): string | undefined {
  if (knownCheck(status) !== 'Failing') return undefined;
  const message = status.update_check == null ? status.failure_message : status.update_check.message;
  return message == null || message === '' ? 'The host cannot check for updates' : message;
}

/** Whether the failure that a status tells of is one of a check for updates, not of an update. */
export function isFailedCheck({ current_version, target_version, crash_count, failure_message }: ShadowStatus): boolean {
  return current_version === target_version && crash_count === 0 && (failure_message ?? '') !== '';
}
