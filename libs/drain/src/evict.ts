import { KubeApiError, paths, type KubeClient, type StatusCause } from '@brupop/kube-runtime';
import { describeError } from '@brupop/ports';
import type { DrainPod } from './pod.ts';

/** What the Kubernetes API answered when asked to remove one pod. `retryAfterMs` is how long it wants not to be asked again, where it says so. */
export type EvictionOutcome =
  /** Accepted; the pod is going. */
  | { readonly kind: 'evicted' }
  /** It, or the pod of that UID, is no longer there. */
  | { readonly kind: 'gone' }
  /** A PodDisruptionBudget forbids it for now; `budget` is its name, where it was told, and `message` the Kubernetes API's. */
  | { readonly kind: 'blocked'; readonly budget?: string; readonly message: string; readonly retryAfterMs?: number }
  /** Its namespace is being deleted, which takes the pod along. */
  | { readonly kind: 'namespaceTerminating' }
  /** The Kubernetes API failed or could not be reached. */
  | { readonly kind: 'retry'; readonly message: string; readonly retryAfterMs?: number }
  /** Refused for a reason that time alone may not mend, such as a missing permission or an admission webhook. */
  | { readonly kind: 'refused'; readonly status: number; readonly message: string; readonly retryAfterMs?: number };

/** Maps a failed eviction to what it means. Only what surely means "gone" counts as gone; nothing counts as evicted. */
export function classifyEvictionError(error: unknown): Exclude<EvictionOutcome, { kind: 'evicted' }> {
  if (!(error instanceof KubeApiError)) return { kind: 'retry', message: describeError(error) };
  const { status, message, retryAfterMs } = error;
  const pause = retryAfterMs === undefined ? {} : { retryAfterMs };
  // 409: the UID precondition failed, so another pod has taken the name. Should it be another conflict, the next list shows the pod still.
  if (status === 404 || status === 409) return { kind: 'gone' };
  if (status === 429 && causesOf(error).some(({ reason }) => reason === 'DisruptionBudget'))
    return { kind: 'blocked', ...budgetOf(causesOf(error)), message: withCause(message, causesOf(error)), ...pause };
  if (status === 403 && causesOf(error).some(({ reason }) => reason === 'NamespaceTerminating')) return { kind: 'namespaceTerminating' };
  // 429 for another cause: the Kubernetes API is overloaded, or a webhook asks for patience.
  if (status >= 500 || status === 408 || status === 429) return { kind: 'retry', message, ...pause };
  return { kind: 'refused', status, message, ...pause };
}

function causesOf({ details }: KubeApiError): readonly StatusCause[] {
  // What a webhook or proxy put there may be anything.
  return Array.isArray(details?.causes) ? (details.causes as readonly StatusCause[]) : [];
}

// The name stands in a sentence and nowhere else. It is for people: nothing is decided by it.
const BUDGET = /^The disruption budget (\S+) /;

function budgetOf(causes: readonly StatusCause[]): { readonly budget?: string } {
  const budget = BUDGET.exec(causes.find(({ reason }) => reason === 'DisruptionBudget')?.message ?? '')?.[1];
  return budget === undefined ? {} : { budget };
}

// The status says only that a budget is violated; which one, and by how much, stands in its cause.
function withCause(message: string, causes: readonly StatusCause[]): string {
  const why = causes.map((cause) => cause.message).filter((text) => text !== undefined && text !== '' && !message.includes(text));
  return [message, ...why].join(' ');
}

/** How to remove a pod: politely, through its PodDisruptionBudgets, or past them. */
export interface RemovalOptions {
  readonly client: KubeClient;
  readonly signal: AbortSignal;
  /** `delete` passes over PodDisruptionBudgets, but leaves the pod its grace period. */
  readonly method: 'evict' | 'delete';
  /** Only asks whether it would be done; nothing changes. */
  readonly dryRun?: boolean;
}

/**
 * Asks once for the removal of exactly this pod: with its UID as precondition, a pod that was re-created under the same name stays.
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
