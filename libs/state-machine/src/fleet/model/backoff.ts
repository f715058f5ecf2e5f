import type { ShadowStatus } from '@brupop/crd-models';
import { parseTimestamp } from '../../timestamps.ts';

const MINUTE_MS = 60_000;
const CAP_MINUTES = 1440;
// 2^11 minutes exceed the cap already; a larger exponent would only overflow.
const CAP_EXPONENT = 11;

/**
 * How long a node rests after failures: `2^failures` minutes, at most 24 hours.
 * @param failures failures in a row, any number
 * @returns milliseconds; 0 if nothing has failed
 */
export function crashBackoffMs(failures: number): number {
  return failures > 0 ? Math.min(2 ** Math.min(failures, CAP_EXPONENT), CAP_MINUTES) * MINUTE_MS : 0;
}

/** Why, and until when (milliseconds since the epoch), a node rests. */
export interface Backoff {
  readonly cause: 'crashes' | 'version';
  readonly failures: number;
  readonly until: number;
}

/**
 * The backoff that a node is in, if any: of its crash count, and of the version it would be updated to. It lasts from the failure, whose time the
 * node's clock gave, or from the end of the attempt, whose time our own gave, whichever is later: a node whose clock is wrong by hours must not be
 * drained again and again. A failure without any readable time holds nobody back: the next one writes a good time.
 * @param endedAt RFC 3339; when the node was last told to be idle
 */
export function backoffOf(status: ShadowStatus, endedAt: string | null | undefined, now: number): Backoff | undefined {
  const failed = status.failed_versions?.filter(({ version }) => version === status.target_version) ?? [];
  // Every plan asks about every node, and hardly any has ever failed.
  if (failed.length === 0 && status.crash_count <= 0) return undefined;
  const ended = parseTimestamp(endedAt, now);
  const backoff = (cause: Backoff['cause'], failures: number, timestamp: string | null | undefined): Backoff | undefined => {
    const failedAt = parseTimestamp(timestamp, now);
    const until = Math.max(failedAt ?? 0, ended ?? 0) + crashBackoffMs(failures);
    return until > now && failures > 0 ? { cause, failures, until } : undefined;
  };
  const candidates = [
    ...failed.map((entry) => backoff('version', entry.failures, entry.last_failure_timestamp)),
    backoff('crashes', status.crash_count, status.state_transition_failure_timestamp),
  ];
  return candidates.filter((found) => found !== undefined).reduce<Backoff | undefined>(later, undefined);
}

const later = (found: Backoff | undefined, next: Backoff): Backoff => (found !== undefined && found.until >= next.until ? found : next);
