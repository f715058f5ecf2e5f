const SOONEST_MS = 1_000;
const LATEST_MS = 5_000;

/**
 * How long to leave a pod alone after a PodDisruptionBudget has refused its eviction: a tenth of what the drain has taken, from 1 s to 5 s. Most budgets let go
 * within seconds, once a replica elsewhere is Ready; one that does not is asked less and less. A refusal costs the Kubernetes API reads of the pod and of the
 * budgets in its namespace, and no write: only a budget that lets go is written to
 * (`checkAndDecrement` in https://github.com/kubernetes/kubernetes/blob/master/pkg/registry/core/pod/storage/eviction.go).
 * @param drainMs how long the drain has taken so far
 */
export function askAgainMs(drainMs: number): number {
  return Math.min(Math.max(Math.round(drainMs / 10), SOONEST_MS), LATEST_MS);
}
