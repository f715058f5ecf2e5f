import type { ShadowStatus } from '@brupop/crd-models';

/**
 * Why the host cannot look for updates, as its agent tells; undefined: it can, or there is an update to tell of. What an agent tells while there is neither
 * another version nor a failed update can be nothing else.
 */
export function updateCheckFailure({ current_version, target_version, crash_count, failure_message }: ShadowStatus): string | undefined {
  const isOfUpdate = current_version !== target_version || crash_count > 0;
  return isOfUpdate || failure_message === '' ? undefined : (failure_message ?? undefined);
}
