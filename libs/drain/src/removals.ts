import type { KubeClient } from '@brupop/kube-runtime';
import type { Clock } from '@brupop/ports';
import { removePod, type EvictionOutcome, type RemovalOptions } from './evict.ts';
import type { FailedEviction } from './obstacle.ts';
import { podIdentity, type DrainPod } from './pod.ts';

/**
 * The removals of pods that have been asked for and not been answered, and for a while what became of them. An eviction passes admission webhooks, which may take longer than
 * a step of a drain, and an API server drops a request whose client has gone: so a request outlives the step that made it, and the next step picks it up.
 * Losing all of this does no harm: a pod is asked for again, with its UID as precondition.
 */
export interface Removals {
  /**
   * Asks for the removal of a pod of a node, unless it is being asked for already.
   * @returns what became of it; undefined if `signal` aborts before that is known, and the request goes on
   */
  ask(nodeName: string, pod: DrainPod, method: RemovalOptions['method'], signal: AbortSignal): Promise<EvictionOutcome | undefined>;
  /** Whether the API server has yet to answer for this pod. */
  isUnderWay(pod: DrainPod): boolean;
  /** Why the pod's last removal failed, if it did and that is not long ago. */
  failure(pod: DrainPod): FailedEviction | undefined;
  /** Monotonic time before which the API server does not want to be asked for this pod in this way again. */
  notBeforeMs(pod: DrainPod, method: RemovalOptions['method']): number;
  /** Hangs up on what is under way for a node that is no longer to be drained, so that the API server drops it. */
  abandon(nodeName: string): void;
}

interface Entry {
  readonly nodeName: string;
  readonly method: RemovalOptions['method'];
  readonly abort: AbortController;
  outcome: EvictionOutcome | undefined;
  endedMs: number;
  /** Whether a step knows of the outcome. */
  told: boolean;
}

// Above the turn of any replica when an agent's requests go round.
const KEPT_MS = 2 * 60_000;
// Ten for each of a hundred nodes.
const MOST = 1_000;
const LONGEST_RETRY_AFTER_MS = 60_000;

/** No removals yet. One object serves all drains of a process. */
export function createRemovals({ client, clock }: { readonly client: KubeClient; readonly clock: Clock }): Removals {
  const entries = new Map<string, Entry>();
  const underWay = new Map<Entry, Promise<EvictionOutcome>>();

  const makeRoom = (): boolean => {
    for (const [identity, { outcome, endedMs }] of entries) {
      if (outcome !== undefined && (entries.size >= MOST || clock.monotonic() - endedMs >= KEPT_MS)) entries.delete(identity);
    }
    return entries.size < MOST;
  };

  const start = (nodeName: string, pod: DrainPod, method: RemovalOptions['method']): Entry => {
    const entry: Entry = { nodeName, method, abort: new AbortController(), outcome: undefined, endedMs: 0, told: false };
    entries.set(podIdentity(pod), entry);
    const asking = removePod(pod, { client, signal: entry.abort.signal, method }).then((outcome) => {
      Object.assign(entry, { outcome, endedMs: clock.monotonic() });
      underWay.delete(entry);
      return outcome;
    });
    underWay.set(entry, asking);
    return entry;
  };

  return {
    async ask(nodeName, pod, method, signal) {
      const known = entries.get(podIdentity(pod));
      // Asked in another way, such as by a drain that was still polite.
      const other = known?.method === method ? undefined : known;
      other?.abort.abort(new Error('The pod is removed in another way'));
      const isNews = known !== undefined && other === undefined && (known.outcome === undefined || !known.told);
      if (!isNews && !makeRoom()) return { kind: 'retry', message: 'Too many evictions are in progress' };
      const entry = isNews ? known : start(nodeName, pod, method);
      const outcome = entry.outcome ?? (await orAborted(underWay.get(entry), signal));
      if (outcome !== undefined) entry.told = true;
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

/** What a promise resolves to; undefined once `signal` has aborted. */
function orAborted<T>(promise: Promise<T> | undefined, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      resolve(undefined);
    };
    if (promise === undefined || signal.aborted) {
      giveUp();
      return;
    }
    signal.addEventListener('abort', giveUp, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', giveUp);
    });
  });
}
