import { KubeApiError } from '@brupop/kube-runtime';
import type { Clock } from '@brupop/ports';
import type { FailingWrite } from '@brupop/state-machine';

/**
 * Remembers of which shadows Kubernetes takes no writes, so that they are left alone for a while. A shadow that an admission policy refuses, or whose own
 * content the CRD does not allow, would otherwise be the first in turn again and again, and no other node would ever have its slot.
 */
export interface FailingWrites {
  failed(shadow: string, error: unknown): void;
  succeeded(shadow: string): void;
  /** By name, the shadows that are left alone now. */
  current(): ReadonlyMap<string, FailingWrite>;
}

// A refusal, by an admission policy or for want of a permission, lasts until a person lifts it.
const LEFT_ALONE_MS = 60_000;
// An admission webhook that fails for this one looks like an API server that restarts. With the pauses between reconciles these are a quarter of a minute.
const FAILURES_TO_BEAR = 5;
const FORGOTTEN_AFTER_MS = 10 * LEFT_ALONE_MS;

interface Failure {
  readonly message: string;
  /** In a row. */
  readonly times: number;
  /** Of the last, in monotonic milliseconds. */
  readonly atMs: number;
  /** Whether trying again at once cannot mend it. */
  readonly refused: boolean;
}

export function createFailingWrites(clock: Clock): FailingWrites {
  const failures = new Map<string, Failure>();
  return {
    failed(shadow, error) {
      const atMs = clock.monotonic();
      for (const [name, failure] of failures) if (atMs - failure.atMs >= FORGOTTEN_AFTER_MS) failures.delete(name);
      if (!tellsOfTheShadow(error)) return;
      const times = (failures.get(shadow)?.times ?? 0) + 1;
      failures.set(shadow, { message: error.message, times, atMs, refused: error.retry === 'terminal' });
    },
    succeeded(shadow) {
      failures.delete(shadow);
    },
    current() {
      const current = new Map<string, FailingWrite>();
      for (const [name, { message, times, atMs, refused }] of failures) {
        const leftMs = atMs + LEFT_ALONE_MS - clock.monotonic();
        if (leftMs > 0 && (refused || times >= FAILURES_TO_BEAR)) current.set(name, { message, until: clock.now() + leftMs });
      }
      return current;
    },
  };
}

/** No answer, or one that says that the API server is busy or down, tells nothing of the shadow that was to be written. */
function tellsOfTheShadow(error: unknown): error is KubeApiError {
  return error instanceof KubeApiError && (error.retry === 'terminal' || error.status === 500);
}
