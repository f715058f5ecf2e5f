import type { BottlerocketShadow } from '@brupop/crd-models';

/**
 * Whether Brupop 1.x has driven the node since an agent of ours last wrote its status. It does not know `boot_id` and leaves it as it is, so that where ours
 * was there before, as after a way back to 1.x, only its times tell: it ends them in `+00:00`, ours end in `Z`.
 */
export function isDrivenByLegacy({ spec, status }: Pick<BottlerocketShadow, 'spec' | 'status'>): boolean {
  if (status === undefined || status === null) return false;
  if (status.boot_id === undefined) return true;
  if (status.current_state === 'ErrorReset') return isLegacyTimestamp(status.state_transition_failure_timestamp);
  return spec.state !== 'Idle' && isLegacyTimestamp(spec.state_transition_timestamp);
}

function isLegacyTimestamp(timestamp: string | null | undefined): boolean {
  return timestamp?.endsWith('+00:00') === true;
}
