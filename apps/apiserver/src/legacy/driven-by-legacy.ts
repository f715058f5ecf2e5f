import type { BottlerocketShadow } from '@brupop/crd-models';

/**
 * Whether Brupop 1.x has driven the node since an agent of ours last wrote its status. Brupop 1.x does not know `boot_id` and leaves it in
 * place. Where an agent of ours ran before, for example after a downgrade to 1.x, only the timestamps differ: those of Brupop 1.x end in
 * `+00:00`, ours end in `Z`.
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
