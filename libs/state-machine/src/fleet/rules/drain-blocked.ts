import type { BottlerocketShadow, DrainBlock } from '@brupop/crd-models';
import { HOST_UNREACHABLE } from '../../agent/unreachable.ts';

/** @returns what blocks a step on the Node, such as its drain or its uncordon, as reported by its agent; undefined if it is not blocked */
export function drainBlockedBy({ status }: BottlerocketShadow): { readonly reason: string; readonly message: string } | undefined {
  const { step, reason, message } = status?.progress ?? {};
  // While the host API does not respond, the drain itself continues or has ended.
  if (reason === HOST_UNREACHABLE) return undefined;
  const isOfNode = step === 'Draining' || reason === ('NodeChangeRefused' satisfies DrainBlock);
  return isOfNode && typeof reason === 'string' ? { reason, message: message ?? reason } : undefined;
}
