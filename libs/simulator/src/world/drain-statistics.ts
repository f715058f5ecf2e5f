/** One attempt to evict a pod. */
export interface EvictionRecord {
  /** Milliseconds of the cluster's monotonic clock. */
  readonly atMs: number;
  readonly namespace: string;
  readonly name: string;
  /** Node of the pod; undefined if the pod was already gone. */
  readonly nodeName: string | undefined;
  /** Status code of the answer: 201 evicted, 429 refused by a PodDisruptionBudget. */
  readonly status: number;
  readonly user: string;
}

/** Totals of all drains of a cluster. */
export interface DrainStatistics {
  readonly evicted: number;
  readonly blocked: number;
  readonly failed: number;
  /** Evicted pods by node name. */
  readonly evictedByNode: Readonly<Record<string, number>>;
}

/** Sums up eviction attempts. */
export function summarizeEvictions(records: readonly EvictionRecord[]): DrainStatistics {
  const evictedByNode: Record<string, number> = {};
  let evicted = 0;
  let blocked = 0;
  for (const { status, nodeName = '' } of records) {
    if (status === 429) blocked++;
    if (status < 200 || status >= 300) continue;
    evicted++;
    evictedByNode[nodeName] = (evictedByNode[nodeName] ?? 0) + 1;
  }
  return { evicted, blocked, failed: records.length - evicted - blocked, evictedByNode };
}
