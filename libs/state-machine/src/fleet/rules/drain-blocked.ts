import type { BottlerocketShadow, DrainBlock } from '@brupop/crd-models';
import { HOST_UNREACHABLE } from '../../agent/unreachable.ts';

/** @returns what keeps a step on the Node from going on, such as its drain or its uncordon, as its agent reported it; undefined: nothing does */
export function drainBlockedBy({ status }: BottlerocketShadow): { readonly reason: string; readonly message: string } | undefined {
  const { step, reason, message } = status?.progress ?? {};
  // The drain itself goes on, or is over, while the agent cannot ask its host.
  if (reason === HOST_UNREACHABLE) return undefined;
  const isOfNode = step === 'Draining' || reason === ('NodeChangeRefused' satisfies DrainBlock);
  return isOfNode && typeof reason === 'string' ? { reason, message: message ?? reason } : undefined;
}
