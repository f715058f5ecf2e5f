import type { ShadowStatus } from '@brupop/crd-models';
import { parseTimestamp } from '../../timestamps.ts';

const MINUTE_MS = 60_000;
const CAP_MINUTES = 1440;
// 2^11 minutes exceed the cap already; a larger exponent would only overflow.
const CAP_EXPONENT = 11;

/**
 * How long a node backs off after failures: `2^failures` minutes, at most 24 hours.
 * @param failures the number of consecutive failures
 * @returns milliseconds; 0 if nothing has failed
 */
export function crashBackoffMs(failures: number): number {
  return failures > 0 ? Math.min(2 ** Math.min(failures, CAP_EXPONENT), CAP_MINUTES) * MINUTE_MS : 0;
}

/** Why a node backs off, and until when (milliseconds since the epoch). */
export interface Backoff {
  readonly cause: 'crashes' | 'version';
  readonly failures: number;
  readonly until: number;
}

/**
 * The current backoff of a node, if any: that of its crash count or that of its target version, whichever ends later. It starts at the
 * failure, whose time comes from the clock of the node, or at the end of the update, whose time comes from the clock of the controller,
 * whichever is later: a node whose clock is wrong by hours must not be drained again and again. A failure without a valid time starts no
 * backoff; the next failure writes a valid one.
 * @param endedAt RFC 3339; when the spec of the shadow was last set to `Idle`
 */
export function backoffOf(status: ShadowStatus, endedAt: string | null | undefined, now: number): Backoff | undefined {
  const failed = status.failed_versions?.filter(({ version }) => version === status.target_version) ?? [];
  // Every plan asks this for every node, and few nodes have ever failed.
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
