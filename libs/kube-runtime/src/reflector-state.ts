import type { Random } from '@brupop/ports';
import { backoffMs } from './backoff.ts';
import { KubeApiError } from './kube-error.ts';

/** What a reflector does at any moment. */
export type ReflectorState = { readonly kind: 'listing' } | { readonly kind: 'watching'; readonly resourceVersion: string };

/** How a list or a watch came to its end. */
export type ReflectorOutcome =
  | { readonly kind: 'listed'; readonly resourceVersion: string }
  /** The server ended the watch in good order, as it does after some minutes. */
  | { readonly kind: 'ended'; readonly resourceVersion: string; readonly healthy: boolean }
  /** The version to watch from is too old, or the server said so in an ERROR event. */
  | { readonly kind: 'expired'; readonly healthy: boolean }
  | { readonly kind: 'failed'; readonly error: unknown; readonly resourceVersion?: string; readonly healthy: boolean }
  | { readonly kind: 'relist' };

export interface ReflectorStep {
  readonly state: ReflectorState;
  readonly delayMs: number;
  /** Consecutive failures, for the next step. */
  readonly failures: number;
}

const LIMITS = { minMs: 500, maxMs: 30_000 };
// A version that cannot be watched from, for a reason that the server does not call expired, is given up after this many attempts.
const MAX_RESUMES = 5;

/** Decides the next step: a watch resumes where it ended if that may work; otherwise everything is listed again. */
export function nextStep(outcome: ReflectorOutcome, failures: number, random: Random): ReflectorStep {
  const delayFor = (count: number): number => (count === 0 ? 0 : backoffMs(count, LIMITS, random));
  switch (outcome.kind) {
    case 'listed':
      return { state: { kind: 'watching', resourceVersion: outcome.resourceVersion }, delayMs: 0, failures };
    case 'relist':
      return { state: { kind: 'listing' }, delayMs: 0, failures: 0 };
    case 'ended': {
      const count = outcome.healthy ? 0 : failures + 1;
      return { state: { kind: 'watching', resourceVersion: outcome.resourceVersion }, delayMs: delayFor(count), failures: count };
    }
    case 'expired': {
      // The first list after a healthy watch is immediate; if every watch expires, lists back off.
      const count = outcome.healthy ? 0 : failures + 1;
      return { state: { kind: 'listing' }, delayMs: delayFor(count), failures: count };
    }
    case 'failed': {
      const count = (outcome.healthy ? 0 : failures) + 1;
      const resumes = outcome.resourceVersion !== undefined && count <= MAX_RESUMES && isResumable(outcome.error);
      return {
        state: resumes ? { kind: 'watching', resourceVersion: outcome.resourceVersion } : { kind: 'listing' },
        delayMs: Math.max(delayFor(count), outcome.error instanceof KubeApiError ? (outcome.error.retryAfterMs ?? 0) : 0),
        failures: count,
      };
    }
  }
}

function isResumable(error: unknown): boolean {
  return !(error instanceof KubeApiError) || error.retry === 'transient';
}
