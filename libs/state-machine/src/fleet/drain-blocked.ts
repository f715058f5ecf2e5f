import type { BottlerocketShadow } from '@brupop/crd-models';

/** @returns what keeps the drain of this node from going on, as its agent reported it; undefined: nothing does */
export function drainBlockedBy({ status }: BottlerocketShadow): { readonly reason: string; readonly message: string } | undefined {
  const { step, reason, message } = status?.progress ?? {};
  return step === 'Draining' && typeof reason === 'string' ? { reason, message: message ?? reason } : undefined;
}
