import { KubeApiError, paths, type KubeClient, type StatusCause } from '@brupop/kube-runtime';
import { describeError } from '@brupop/ports';
import type { DrainPod } from './pod.ts';

/** The API server's response to the removal of one pod. `retryAfterMs`: the wait that it requests before the next attempt. */
export type EvictionOutcome =
  /** Accepted; the pod terminates. */
  | { readonly kind: 'evicted' }
  /** The pod, or the pod with that UID, no longer exists. */
  | { readonly kind: 'gone' }
  /** A PodDisruptionBudget forbids it for now; `budget` is its name, if known, and `message` is the API server's. */
  | { readonly kind: 'blocked'; readonly budget?: string; readonly message: string; readonly retryAfterMs?: number }
  /** Its namespace is being deleted, and the pod with it. */
  | { readonly kind: 'namespaceTerminating' }
  /** The API server failed or could not be reached. */
  | { readonly kind: 'retry'; readonly message: string; readonly retryAfterMs?: number }
  /** Refused for a reason that does not pass by itself, such as a missing permission or an admission webhook. */
  | { readonly kind: 'refused'; readonly status: number; readonly message: string; readonly retryAfterMs?: number };

/** Maps a failed eviction to its outcome. Only responses that certainly mean "gone" count as gone; none counts as evicted. */
export function classifyEvictionError(error: unknown): Exclude<EvictionOutcome, { kind: 'evicted' }> {
  if (!(error instanceof KubeApiError)) return { kind: 'retry', message: describeError(error) };
  const { status, message, retryAfterMs } = error;
  const pause = retryAfterMs === undefined ? {} : { retryAfterMs };
  // 409: the UID precondition failed, so another pod has the name. After any other conflict the next list still has the pod.
  if (status === 404 || status === 409) return { kind: 'gone' };
  if (status === 429 && causesOf(error).some(({ reason }) => reason === 'DisruptionBudget'))
    return { kind: 'blocked', ...budgetOf(causesOf(error)), message: withCause(message, causesOf(error)), ...pause };
  if (status === 403 && causesOf(error).some(({ reason }) => reason === 'NamespaceTerminating')) return { kind: 'namespaceTerminating' };
  // 429 for another cause: the API server is overloaded, or a webhook asks to retry later.
  if (status >= 500 || status === 408 || status === 429) return { kind: 'retry', message, ...pause };
  return { kind: 'refused', status, message, ...pause };
}

function causesOf({ details }: KubeApiError): readonly StatusCause[] {
  // A webhook or a proxy may have put anything there.
  return Array.isArray(details?.causes) ? (details.causes as readonly StatusCause[]) : [];
}

// The name is only in this sentence. It is for people: no decision depends on it.
const BUDGET = /^The disruption budget (\S+) /;

function budgetOf(causes: readonly StatusCause[]): { readonly budget?: string } {
  const budget = BUDGET.exec(causes.find(({ reason }) => reason === 'DisruptionBudget')?.message ?? '')?.[1];
  return budget === undefined ? {} : { budget };
}

// The status only says that a budget is violated; its cause names the budget and the numbers.
function withCause(message: string, causes: readonly StatusCause[]): string {
  const why = causes.map((cause) => cause.message).filter((text) => text !== undefined && text !== '' && !message.includes(text));
  return [message, ...why].join(' ');
}

/** How to remove a pod: with respect for its PodDisruptionBudgets, or without. */
export interface RemovalOptions {
  readonly client: KubeClient;
  readonly signal: AbortSignal;
  /** `delete` ignores PodDisruptionBudgets, but keeps the grace period. */
  readonly method: 'evict' | 'delete';
  /** Only checks whether the request would be accepted; changes nothing. */
  readonly dryRun?: boolean;
}

/**
 * Requests the removal of exactly this pod once: its UID is a precondition, so a pod that was recreated with the same name stays.
 * Never throws; an abort is outcome `retry`.
 */
export async function removePod(pod: DrainPod, { client, signal, method, dryRun = false }: RemovalOptions): Promise<EvictionOutcome> {
  const { name, namespace = 'default', uid } = pod.metadata;
  const options = { ...(uid === undefined ? {} : { preconditions: { uid } }), ...(dryRun ? { dryRun: ['All'] } : {}) };
  try {
    if (method === 'delete') {
      await client.request<unknown>('DELETE', paths.pod(namespace, name), {
        body: { apiVersion: 'v1', kind: 'DeleteOptions', ...options },
        signal,
      });
    } else {
      const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace }, deleteOptions: options };
      await client.request<unknown>('POST', paths.eviction(namespace, name), { body, signal });
    }
    return { kind: 'evicted' };
  } catch (error) {
    return classifyEvictionError(error);
  }
}
