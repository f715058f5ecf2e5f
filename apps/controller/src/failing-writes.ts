import { KubeApiError } from '@brupop/kube-runtime';
import type { Clock } from '@brupop/ports';
import type { FailingWrite } from '@brupop/state-machine';

/**
 * Remembers the shadows whose writes the API server rejects, so that they are skipped for a while. A shadow that an admission policy
 * rejects, or that violates the schema, would otherwise be first in line again and again, and no other node would ever get its slot.
 */
export interface FailingWrites {
  failed(shadow: string, error: unknown): void;
  succeeded(shadow: string): void;
  /** The shadows to skip now, by name. */
  current(): ReadonlyMap<string, FailingWrite>;
}

// A rejection by an admission policy, or for a missing permission, lasts until a person fixes it.
const SKIPPED_MS = 60_000;
// A webhook that fails for one shadow looks like a restart of the API server. With backoff, so many failures take about 15 seconds.
const TOLERATED_FAILURES = 5;
const FORGOTTEN_AFTER_MS = 10 * SKIPPED_MS;

interface Failure {
  readonly message: string;
  /** Consecutive failures. */
  readonly times: number;
  /** Time of the last failure, in monotonic milliseconds. */
  readonly atMs: number;
  /** Whether an immediate retry cannot succeed. */
  readonly rejected: boolean;
}

export function createFailingWrites(clock: Clock): FailingWrites {
  const failures = new Map<string, Failure>();
  return {
    failed(shadow, error) {
      const atMs = clock.monotonic();
      for (const [name, failure] of failures) if (atMs - failure.atMs >= FORGOTTEN_AFTER_MS) failures.delete(name);
      if (!isAboutShadow(error)) return;
      const times = (failures.get(shadow)?.times ?? 0) + 1;
      failures.set(shadow, { message: error.message, times, atMs, rejected: error.retry === 'terminal' });
    },
    succeeded(shadow) {
      failures.delete(shadow);
    },
    current() {
      const current = new Map<string, FailingWrite>();
      for (const [name, { message, times, atMs, rejected }] of failures) {
        const leftMs = atMs + SKIPPED_MS - clock.monotonic();
        if (leftMs > 0 && (rejected || times >= TOLERATED_FAILURES)) current.set(name, { message, until: clock.now() + leftMs });
      }
      return current;
    },
  };
}

/** A missing response, or one of an API server that is busy or down, says nothing about the shadow itself. */
function isAboutShadow(error: unknown): error is KubeApiError {
  return error instanceof KubeApiError && (error.retry === 'terminal' || error.status === 500);
}
