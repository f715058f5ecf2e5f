import { shadowName, type BottlerocketShadow, OWNERSHIP_NAMES } from '@brupop/crd-models';
import { adoptNode } from '@brupop/drain';
import type { Clock, Logger } from '@brupop/ports';
import { findShadow, type ShadowReader } from '../read-shadow.ts';
import { isDrivenByLegacy } from './driven-by-legacy.ts';

/** Whether the node is in the middle of an update by Brupop 1.x, which cordons a node without an ownership annotation. */
export function isLegacyUpdate(shadow: BottlerocketShadow | undefined): boolean {
  if (shadow === undefined || shadow.status === undefined || shadow.status === null) return false;
  const { status, spec } = shadow;
  if (!isDrivenByLegacy(shadow) || (status.progress ?? null) !== null) return false;
  return spec.state === 'RebootedIntoUpdate' || status.current_state === 'RebootedIntoUpdate' || status.current_state === 'ErrorReset';
}

/**
 * Annotates the cordon and the exclusion that Brupop 1.x left on the node in the middle of an update as owned by the operator, so that they
 * are undone in the end, and not mistaken for an administrator's.
 */
export async function adoptLegacyUpdate(
  deps: ShadowReader & { readonly clock: Clock; readonly log: Logger },
  { nodeName, stop }: { readonly nodeName: string; readonly stop: AbortSignal },
): Promise<void> {
  if (!isLegacyUpdate(await findShadow(deps, shadowName(nodeName), stop))) return;
  const { signal } = new AbortController();
  const { changed } = await adoptNode({ client: deps.client, clock: deps.clock, nodeName, names: OWNERSHIP_NAMES, signal, stop });
  if (changed) deps.log.info('Adopted the cordon of Brupop 1.x', { node: nodeName });
}
