import { ATTEMPTS_ANNOTATION, type BottlerocketShadow } from '@brupop/crd-models';
import { parseTimestamp } from '../../timestamps.ts';
import type { ShadowedFacts } from './facts.ts';
import type { FleetChange } from './plan.ts';

const MAX_COUNT = 1_000;
// An agent counts its failures itself. Here two are free, because an update whose version was withdrawn is not a failure.
const FREE_ATTEMPTS = 2;
const MINUTE_MS = 60_000;
const MAX_BACKOFF_MS = 60 * MINUTE_MS;

/** The consecutive updates without success that the controller has observed. Users can edit the annotation; an invalid one counts as 0. */
export function failedAttempts({ metadata }: BottlerocketShadow): number {
  const text = metadata.annotations?.[ATTEMPTS_ANNOTATION];
  return text !== undefined && /^\d{1,4}$/.test(text) ? Math.min(Number(text), MAX_COUNT) : 0;
}

/**
 * Until when a node backs off because of {@link failedAttempts}, whatever its agent reports. Without this, a node whose agent fails
 * immediately and reports no failure would be started again and again, and take the slots of the others.
 * @returns milliseconds since the epoch; undefined: it does not back off
 */
export function attemptsBackoffUntil(shadow: BottlerocketShadow, now: number): number | undefined {
  const excess = failedAttempts(shadow) - FREE_ATTEMPTS;
  const endedAt = excess > 0 ? parseTimestamp(shadow.spec.state_transition_timestamp, now) : undefined;
  if (endedAt === undefined) return undefined;
  const until = endedAt + Math.min(2 ** Math.min(excess, 10) * MINUTE_MS, MAX_BACKOFF_MS);
  return until > now ? until : undefined;
}

/** Whether the controller gave up the last update: an idle spec that still names a version. */
export function wasGivenUp({ shadow, desired }: ShadowedFacts): boolean {
  return desired === 'Idle' && typeof shadow.spec.version === 'string';
}

/** How many consecutive updates failed: the crash count of the agent, and one more if the controller gave up the last update. */
export function consecutiveFailures(facts: ShadowedFacts): number {
  return facts.status.crash_count + (wasGivenUp(facts) ? 1 : 0);
}

/** The change, with the number of failed attempts after it. */
export function countAttempt(change: FleetChange, shadow: BottlerocketShadow): FleetChange {
  if (change.kind !== 'spec') return change;
  const hasCount = shadow.metadata.annotations?.[ATTEMPTS_ANNOTATION] !== undefined;
  if (change.reason === 'UpdateFinished') return hasCount ? { ...change, attemptsAnnotation: null } : change;
  if (change.spec.state !== 'Idle' || change.reason === 'LabelRemoved' || shadow.spec.state === 'ErrorReset') return change;
  return { ...change, attemptsAnnotation: String(Math.min(failedAttempts(shadow) + 1, MAX_COUNT)) };
}
