import type { BottlerocketShadow } from '@brupop/crd-models';
import { HOST_UNREACHABLE } from '../agent/unreachable.ts';

/** @returns what keeps the drain of this node from going on, as its agent reported it; undefined: nothing does */
export function drainBlockedBy({ status }: BottlerocketShadow): { readonly reason: string; readonly message: string } | undefined {
  const { step, reason, message } = status?.progress ?? {};
  // The drain itself goes on, or is over, while the agent cannot ask its host.
  if (reason === HOST_UNREACHABLE) return undefined;
  return step === 'Draining' && typeof reason === 'string' ? { reason, message: message ?? reason } : undefined;
}
