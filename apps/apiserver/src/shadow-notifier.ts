import type { BottlerocketShadow } from '@brupop/crd-models';
import type { Clock } from '@brupop/ports';

/** Where held requests wait for news of a shadow. One watch feeds it, however many wait. */
export interface ShadowNotifier {
  /** Tells those who wait for this shadow, or, without a name, everybody, to look again. */
  notify(name?: string): void;
  /** Resolves at the next news of the shadow, after `waitMs`, when `signal` aborts, or when the notifier is closed. */
  change(name: string, waitMs: number, signal: AbortSignal): Promise<void>;
  /** Lets everybody go, now and later. */
  close(): void;
  readonly closed: boolean;
  /** Aborts when the notifier is closed: what would wait for something else had better end. */
  readonly closing: AbortSignal;
}

/** An empty notifier. */
export function createShadowNotifier(clock: Clock): ShadowNotifier {
  const waiting = new Map<string, Set<() => void>>();
  const closing = new AbortController();
  const wake = (waiters: Set<() => void> | undefined): void => {
    for (const resolve of [...(waiters ?? [])]) resolve();
  };
  const notify = (name?: string): void => {
    if (name !== undefined) wake(waiting.get(name));
    else for (const waiters of [...waiting.values()]) wake(waiters);
  };
  return {
    notify,
    change(name, waitMs, signal) {
      return new Promise((resolve) => {
        if (closing.signal.aborted || signal.aborted || waitMs <= 0) {
          resolve();
          return;
        }
        const waiters = waiting.get(name) ?? new Set();
        waiting.set(name, waiters);
        const done = (): void => {
          cancel();
          signal.removeEventListener('abort', done);
          waiters.delete(done);
          if (waiters.size === 0 && waiting.get(name) === waiters) waiting.delete(name);
          resolve();
        };
        const cancel = clock.setTimer(waitMs, done);
        signal.addEventListener('abort', done, { once: true });
        waiters.add(done);
      });
    },
    close() {
      closing.abort(new Error('this replica is shutting down'));
      notify();
    },
    get closed() {
      return closing.signal.aborted;
    },
    closing: closing.signal,
  };
}

/** The entity tag of a shadow: its resourceVersion, in quotes. */
export function etagOf(shadow: BottlerocketShadow): string {
  return `"${shadow.metadata.resourceVersion ?? ''}"`;
}

/** The resourceVersion that `If-None-Match` names; undefined if it names none. */
export function revisionOf(header: string | undefined): bigint | undefined {
  const revision = /^\s*(?:W\/)?"(\d{1,20})"\s*$/.exec(header ?? '')?.[1];
  return revision === undefined ? undefined : BigInt(revision);
}

/**
 * Whether this shadow is older than the one that `If-None-Match` names: this replica's watch lags behind the one that the caller asked
 * before. resourceVersions of one resource are comparable as integers (Kubernetes KEP 5504).
 */
export function isOlder(header: string | undefined, shadow: BottlerocketShadow | undefined): boolean {
  const known = revisionOf(header);
  const here = shadow?.metadata.resourceVersion;
  return known !== undefined && here !== undefined && /^\d{1,20}$/.test(here) && BigInt(here) < known;
}

/** Whether `If-None-Match` names this entity tag. Weak and strong tags compare alike, as RFC 9110 has it for this header. */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag);
}
