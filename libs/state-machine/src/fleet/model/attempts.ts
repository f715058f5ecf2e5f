import { ATTEMPTS_ANNOTATION } from '@brupop/crd-models';
import type { BottlerocketShadow } from '@brupop/crd-models';
import { parseTimestamp } from '../../timestamps.ts';
import type { ShadowedFacts } from './facts.ts';
import type { FleetChange } from './plan.ts';

const MOST_COUNTED = 1_000;
// Agents that tell the truth rest by their own count, and need no more. An update that ends because its version was withdrawn is no failure: two such ends cost nothing.
const FREE_ATTEMPTS = 2;
const MINUTE_MS = 60_000;
const LONGEST_REST_MS = 60 * MINUTE_MS;

/** How many updates in a row of this node the controller has seen to end without success. Anybody may edit an annotation: what is no count is none. */
export function failedAttempts({ metadata }: BottlerocketShadow): number {
  const text = metadata.annotations?.[ATTEMPTS_ANNOTATION];
  return text !== undefined && /^\d{1,4}$/.test(text) ? Math.min(Number(text), MOST_COUNTED) : 0;
}

/**
 * Until when a node rests by what the controller has seen of it, whatever its agent reports: an agent that fails at once and reports no failure would be started again
 * without end, and keep the others from their turn.
 * @returns milliseconds since the epoch; undefined: it does not
 */
export function restsUntil(shadow: BottlerocketShadow, now: number): number | undefined {
  const excess = failedAttempts(shadow) - FREE_ATTEMPTS;
  const endedAt = excess > 0 ? parseTimestamp(shadow.spec.state_transition_timestamp, now) : undefined;
  if (endedAt === undefined) return undefined;
  const until = endedAt + Math.min(2 ** Math.min(excess, 10) * MINUTE_MS, LONGEST_REST_MS);
  return until > now ? until : undefined;
}

/** Whether the controller gave up the last update: an idle spec that still names a version. */
export function wasGivenUp({ shadow, desired }: ShadowedFacts): boolean {
  return desired === 'Idle' && typeof shadow.spec.version === 'string';
}

/** How many updates in a row have failed, by the count of the agent, and one more if the controller gave up the last. */
export function consecutiveFailures(facts: ShadowedFacts): number {
  return facts.status.crash_count + (wasGivenUp(facts) ? 1 : 0);
}

/** The change, with the count as it is after it. */
export function countAttempt(change: FleetChange, shadow: BottlerocketShadow): FleetChange {
  if (change.kind !== 'spec') return change;
  const isCarried = shadow.metadata.annotations?.[ATTEMPTS_ANNOTATION] !== undefined;
  if (change.reason === 'UpdateFinished') return isCarried ? { ...change, attemptsAnnotation: null } : change;
  if (change.spec.state !== 'Idle' || change.reason === 'LabelRemoved' || shadow.spec.state === 'ErrorReset') return change;
  return { ...change, attemptsAnnotation: String(Math.min(failedAttempts(shadow) + 1, MOST_COUNTED)) };
}
