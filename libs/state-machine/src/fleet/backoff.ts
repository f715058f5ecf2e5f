import type { ShadowStatus } from '@brupop/crd-models';
import { parseTimestamp } from '../timestamps.ts';

const MINUTE_MS = 60_000;
const CAP_MINUTES = 1440;
// 2^11 minutes exceed the cap already; a larger exponent would only overflow.
const CAP_EXPONENT = 11;

/**
 * How long a node rests after failures: `2^failures` minutes, at most 24 hours.
 * @param failures failures in a row, any number
 * @returns milliseconds; 0 if nothing has failed
 */
export function backoffMs(failures: number): number {
  return failures > 0 ? Math.min(2 ** Math.min(failures, CAP_EXPONENT), CAP_MINUTES) * MINUTE_MS : 0;
}

/** Why, and until when (milliseconds since the epoch), a node rests. */
export interface Backoff {
  readonly cause: 'crashes' | 'version';
  readonly failures: number;
  readonly until: number;
}

/**
 * The backoff that a node is in, if any: of its crash count, and of the version it would be updated to.
 * A failure whose time cannot be read holds nobody back: the next one writes a good time.
 */
export function backoffOf(status: ShadowStatus, now: number): Backoff | undefined {
  const failed = (status.failed_versions ?? []).filter(({ version }) => version === status.target_version);
  const candidates = [
    ...failed.map((entry) => backoff('version', entry.failures, entry.last_failure_timestamp, now)),
    backoff('crashes', status.crash_count, status.state_transition_failure_timestamp, now),
  ];
  return candidates.filter((found) => found !== undefined).reduce<Backoff | undefined>(later, undefined);
}

function backoff(cause: Backoff['cause'], failures: number, timestamp: string | null | undefined, now: number): Backoff | undefined {
  const failedAt = parseTimestamp(timestamp, now);
  if (failedAt === undefined) return undefined;
  const until = failedAt + backoffMs(failures);
  return until > now ? { cause, failures, until } : undefined;
}

const later = (found: Backoff | undefined, next: Backoff): Backoff => (found !== undefined && found.until >= next.until ? found : next);
