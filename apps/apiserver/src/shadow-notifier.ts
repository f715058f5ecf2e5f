import type { BottlerocketShadow } from '@brupop/crd-models';
import { isOlderVersion } from '@brupop/kube-objects';
import { Notifier, type Clock } from '@brupop/ports';

/** Wakes pending polls when their shadow changes. One watch serves any number of polls. */
export interface ShadowNotifier {
  /** Wakes the polls of this shadow, or of all shadows if no name is given. */
  notify(name?: string): void;
  /** Resolves when the shadow changes, after `waitMs`, when `signal` aborts, or when the notifier is closed. */
  change(name: string, waitMs: number, signal: AbortSignal): Promise<void>;
  /** Ends all polls, now and later. */
  close(): void;
  readonly closed: boolean;
  /** Aborts when the notifier is closed, for what waits for something else. */
  readonly closing: AbortSignal;
}

/** A notifier without waiters. */
export function createShadowNotifier(clock: Clock): ShadowNotifier {
  const topics = new Map<string, Notifier>();
  const closing = new AbortController();
  const notify = (name?: string): void => {
    if (name !== undefined) topics.get(name)?.notify();
    else for (const topic of topics.values()) topic.notify();
  };
  return {
    notify,
    async change(name, waitMs, signal) {
      if (closing.signal.aborted || waitMs <= 0) return;
      const topic = topics.get(name) ?? new Notifier(clock);
      topics.set(name, topic);
      await topic.wait(topic.version, waitMs, signal).catch(() => undefined);
      if (topic.waiting === 0 && topics.get(name) === topic) topics.delete(name);
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

/** The resourceVersion in `If-None-Match`; undefined if there is none. */
export function revisionOf(header: string | undefined): string | undefined {
  return /^\s*(?:W\/)?"(\d{1,20})"\s*$/.exec(header ?? '')?.[1];
}

/**
 * Whether this shadow is older than the one that `If-None-Match` names: this replica's watch lags behind that of the replica that responded
 * before.
 */
export function isOlder(header: string | undefined, shadow: BottlerocketShadow | undefined): boolean {
  return isOlderVersion(shadow?.metadata.resourceVersion, revisionOf(header));
}

/** Whether `If-None-Match` names this entity tag. Weak and strong tags compare alike, as RFC 9110 requires for this header. */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag);
}
