import type { KubeClient } from '@brupop/kube-runtime';
import { unlessAborted, type Clock } from '@brupop/ports';
import { removePod, type EvictionOutcome, type RemovalOptions } from './evict.ts';
import type { FailedEviction } from './obstacle.ts';
import { podIdentity, type DrainPod } from './pod.ts';

/**
 * Requests to remove pods that are in progress, and for two minutes their outcomes. An eviction passes admission webhooks, which may take
 * longer than a step of a drain, and the API server drops a request when its client disconnects: so a request outlives the step that sent
 * it, and the next step gets its response. Losing all of this does no harm: the request is sent again, with the UID of the pod as
 * precondition.
 */
export interface Removals {
  /**
   * Requests the removal of a pod, unless that request is in progress.
   * @returns the outcome; undefined if `signal` aborts before that, and the request continues
   */
  ask(nodeName: string, pod: DrainPod, method: RemovalOptions['method'], signal: AbortSignal): Promise<EvictionOutcome | undefined>;
  /** Whether a request for this pod is in progress. */
  isUnderWay(pod: DrainPod): boolean;
  /** Why the last removal of the pod failed, if it did within two minutes. */
  failure(pod: DrainPod): FailedEviction | undefined;
  /** Monotonic time before which the API server asks not to repeat this request. */
  notBeforeMs(pod: DrainPod, method: RemovalOptions['method']): number;
  /** Cancels the requests in progress for a node that is no longer to be drained. */
  abandon(nodeName: string): void;
}

interface Entry {
  readonly nodeName: string;
  readonly method: RemovalOptions['method'];
  readonly abort: AbortController;
  readonly asking: Promise<EvictionOutcome>;
  outcome: EvictionOutcome | undefined;
  endedMs: number;
  /** Whether a step has got the outcome. */
  isReturned: boolean;
}

// Longer than an agent takes to send a request to each replica in turn.
const KEPT_MS = 2 * 60_000;
// Ten for each of a hundred nodes.
const MAX_ENTRIES = 1_000;
const LONGEST_RETRY_AFTER_MS = 60_000;

/** Removals of all drains of a process. */
export function createRemovals({ client, clock }: { readonly client: KubeClient; readonly clock: Clock }): Removals {
  const entries = new Map<string, Entry>();

  const makeRoom = (): boolean => {
    for (const [identity, { outcome, endedMs }] of entries) {
      if (outcome !== undefined && (entries.size >= MAX_ENTRIES || clock.monotonic() - endedMs >= KEPT_MS)) entries.delete(identity);
    }
    return entries.size < MAX_ENTRIES;
  };

  const start = (nodeName: string, pod: DrainPod, method: RemovalOptions['method']): Entry => {
    const abort = new AbortController();
    const asking = removePod(pod, { client, signal: abort.signal, method }).then((outcome) => {
      Object.assign(entry, { outcome, endedMs: clock.monotonic() });
      return outcome;
    });
    const entry: Entry = { nodeName, method, abort, asking, outcome: undefined, endedMs: 0, isReturned: false };
    entries.set(podIdentity(pod), entry);
    return entry;
  };

  return {
    async ask(nodeName, pod, method, signal) {
      const known = entries.get(podIdentity(pod));
      // Another method, such as an eviction before the drain timeout.
      const other = known?.method === method ? undefined : known;
      other?.abort.abort(new Error('The pod is removed in another way'));
      const isReused = known !== undefined && other === undefined && (known.outcome === undefined || !known.isReturned);
      if (!isReused && !makeRoom()) return { kind: 'retry', message: 'Too many evictions are in progress' };
      const entry = isReused ? known : start(nodeName, pod, method);
      const outcome = entry.outcome ?? (await unlessAborted(entry.asking, signal));
      if (outcome !== undefined) entry.isReturned = true;
      return outcome;
    },
    isUnderWay(pod) {
      const entry = entries.get(podIdentity(pod));
      return entry !== undefined && entry.outcome === undefined;
    },
    failure(pod) {
      const outcome = entries.get(podIdentity(pod))?.outcome;
      return outcome === undefined || outcome.kind === 'evicted' || outcome.kind === 'gone' ? undefined : outcome;
    },
    notBeforeMs(pod, method) {
      const entry = entries.get(podIdentity(pod));
      if (entry?.outcome === undefined || entry.method !== method || !('retryAfterMs' in entry.outcome)) return 0;
      return entry.endedMs + Math.min(entry.outcome.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS);
    },
    abandon(nodeName) {
      for (const [identity, entry] of entries) {
        if (entry.nodeName !== nodeName) continue;
        entry.abort.abort(new Error('The node is no longer drained'));
        entries.delete(identity);
      }
    },
  };
}
