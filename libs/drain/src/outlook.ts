import { timestampMs } from '@brupop/kube-objects';
import { endingObstacle } from './obstacle.ts';
import { endsInTime, type DrainPlan, type DrainPolicy } from './plan.ts';
import { OVERDUE_MS, type DrainPod } from './pod.ts';

/** When a waiting drain continues without intervention. */
export interface DrainOutlook {
  /** When the drain times out at the latest, in milliseconds since the Unix epoch; absent if it does not. */
  readonly endsAtMs?: number;
  /** Names the pod that takes longest to terminate, if that is more than a minute. It stays the same while that pod does. */
  readonly notice?: string;
}

/** Nearly every pod terminates sooner. */
const LONG_MS = 60_000;

/** Decides when a drain times out, and which pod takes longest. */
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
