import { shadowName, type DrainBlock } from '@brupop/crd-models';
import type { DrainPolicy } from '@brupop/drain';
import { shortenText, timestampMs } from '@brupop/kube-objects';
import { KubeApiError } from '@brupop/kube-runtime';
import type { Clock } from '@brupop/ports';
import type { Caches } from './caches.ts';
import { RequestError } from './errors.ts';

/** A change of a Node that the API server rejected. */
export interface RefusedChange {
  readonly blocked: { readonly reason: DrainBlock; readonly message: string };
}

/**
 * The result of a change of a Node, or its refusal with the message of the API server: by a policy webhook, because of a missing
 * permission, or because a webhook fails. The change is retried, but a retry may never succeed, so the refusal is reported immediately.
 * Conflicts and a missing Node are not refusals.
 * @param what noun phrase for the change, such as `the cordon`
 */
export async function orRefused<T>(what: string, change: Promise<T>): Promise<T | RefusedChange> {
  try {
    return await change;
  } catch (error) {
    if (!(error instanceof KubeApiError) || !isStanding(error)) throw error;
    return { blocked: { reason: 'NodeChangeRefused', message: shortenText(`The API server rejected ${what}: ${error.message}`) } };
  }
}

/** Whether a result is a refusal. */
export function isRefused(result: object): result is RefusedChange {
  return 'blocked' in result;
}

// A webhook that cannot be called is an InternalError; a restarting API server does not return one.
function isStanding({ status, reason, retry }: KubeApiError): boolean {
  if (status === 404 || status === 409) return false;
  return retry === 'terminal' || (status === 500 && reason === 'InternalError');
}

/**
 * Ends a step that is refused for longer than the drain timeout, unless the policy is to wait. The Node has no annotation yet from which to
 * count the timeout, so it counts from the start of the step that the agent reported.
 * @throws RequestError `DRAIN_TIMED_OUT`
 */
export function failAfterTimeout(
  { caches, clock }: { readonly caches: Caches; readonly clock: Clock },
  nodeName: string,
  { blocked }: RefusedChange,
  policy: DrainPolicy,
): void {
  const since = timestampMs(caches.shadow(shadowName(nodeName))?.status?.progress?.since) ?? NaN;
  if (policy.timeoutMs <= 0 || policy.onTimeout === 'wait' || !(clock.now() - since >= policy.timeoutMs)) return;
  throw new RequestError('DRAIN_TIMED_OUT', `The drain timed out: ${blocked.message}`);
}
