import type { ShadowStatus } from '@brupop/crd-models';

/** Whether an agent of Brupop 1.x sent this status: our agents always send a boot ID. */
export function isLegacyStatus({ boot_id }: ShadowStatus): boolean {
  return boot_id === undefined;
}

/** The fields to merge into the stored status. What our agent reported before about its boot, step and update checks is no longer valid. */
export function legacyStatusPatch(sent: ShadowStatus): Readonly<Record<string, unknown>> {
  return { ...sent, boot_id: null, progress: null, update_check: null };
}
