const SOONEST_MS = 1_000;
const LATEST_MS = 5_000;

/**
 * The pause before an eviction is retried that a PodDisruptionBudget has blocked: a tenth of the duration of the drain, from 1 s to 5 s.
 * Most budgets allow the eviction within seconds, when a replica elsewhere is Ready; others are retried less and less often. A blocked
 * eviction costs the API server reads of the pod and of the budgets in its namespace, and no write: only a budget that allows an eviction
 * is written to (`checkAndDecrement` in https://github.com/kubernetes/kubernetes/blob/master/pkg/registry/core/pod/storage/eviction.go).
 * @param drainMs how long the drain has taken so far
 */
export function askAgainMs(drainMs: number): number {
  return Math.min(Math.max(Math.round(drainMs / 10), SOONEST_MS), LATEST_MS);
}
