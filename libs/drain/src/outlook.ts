import { timestampMs } from '@brupop/kube-objects';
import { endingObstacle } from './obstacle.ts';
import { endsInTime, type DrainPlan, type DrainPolicy } from './plan.ts';
import { OVERDUE_MS, type DrainPod } from './pod.ts';

/** How a drain that still waits will go on by itself. */
export interface DrainOutlook {
  /** When the drain timeout follows at the latest, milliseconds since the Unix epoch; absent where the drain has no end of its own. */
  readonly endsAtMs?: number;
  /** Names the pod that takes longest to end, if that takes long enough to be told. It stays the same while that pod does. */
  readonly notice?: string;
}

/** What is over sooner is not worth a word: nearly every pod ends before. */
const LONG_MS = 60_000;

/** Tells when a drain ends by itself, and which pod makes it wait for long. */
export function drainOutlook(
  { evict, wait }: Pick<DrainPlan, 'evict' | 'wait'>,
  given: { readonly sinceMs: number; readonly nowMs: number; readonly policy: DrainPolicy },
): DrainOutlook {
  const { sinceMs, nowMs, policy } = given;
  const endOf = ({ metadata }: DrainPod): number => timestampMs(metadata.deletionTimestamp) ?? 0;
  const [slowest] = wait.toSorted((a, b) => endOf(b) - endOf(a));
  const notice = slowest !== undefined && endOf(slowest) - nowMs > LONG_MS ? endingObstacle(slowest, nowMs).message : undefined;
  const waits = evict.length === 0 && policy.onTimeout === 'skip' ? wait.filter((pod) => endsInTime(pod, given)) : [];
  const endsAtMs = Math.max(sinceMs + policy.timeoutMs, ...waits.map((pod) => endOf(pod) + OVERDUE_MS));
  const hasEnd = policy.timeoutMs > 0 && policy.onTimeout !== 'wait' && endsAtMs > nowMs;
  return { ...(hasEnd ? { endsAtMs } : {}), ...(notice === undefined ? {} : { notice }) };
}
