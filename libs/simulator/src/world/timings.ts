/** How fast the cluster is, in milliseconds. The defaults are those of Kubernetes, but for pods, which start faster. */
export interface ClusterTimings {
  /** Between two heartbeats of a kubelet. */
  readonly heartbeatMs: number;
  /** Without a heartbeat for this long a node's Ready condition becomes Unknown. */
  readonly nodeGraceMs: number;
  /** How long after that its pods are deleted, as by the default tolerations of unreachable nodes. */
  readonly podEvictionMs: number;
  /** Between two looks at the heartbeats. */
  readonly nodeMonitorMs: number;
  /** From the boot until the kubelet has registered. */
  readonly kubeletStartMs: number;
  /** From the kubelet's registration until the node is Ready (the CNI is up). */
  readonly nodeReadyMs: number;
  /** From binding a pod until its containers run. */
  readonly podStartMs: number;
  /** How long an ordinary container takes to stop after SIGTERM; never longer than its grace period. */
  readonly terminationMs: number;
  /** Between two readiness probes of programs that really run. */
  readonly readinessPeriodMs: number;
  /** The first wait before a container that ended is started again; doubles up to `restartBackoffMaxMs`. */
  readonly restartBackoffMs: number;
  readonly restartBackoffMaxMs: number;
  /** How long a container has to run for its backoff to be forgotten. */
  readonly restartBackoffResetMs: number;
  /** How long the controllers and the scheduler take to notice a change. */
  readonly controllerMs: number;
  /** From the end of the last pod on a node that uses a volume until the volume is detached from it. */
  readonly detachMs: number;
  /** How long a pod with a restart policy other than Always runs. */
  readonly jobMs: number;
}

/** Kubernetes' own times; see {@link ClusterTimings}. */
export const DEFAULT_CLUSTER_TIMINGS: ClusterTimings = {
  heartbeatMs: 10_000,
  nodeGraceMs: 40_000,
  podEvictionMs: 300_000,
  nodeMonitorMs: 5_000,
  kubeletStartMs: 3_000,
  nodeReadyMs: 5_000,
  podStartMs: 2_000,
  terminationMs: 2_000,
  readinessPeriodMs: 1_000,
  restartBackoffMs: 1_000,
  restartBackoffMaxMs: 30_000,
  restartBackoffResetMs: 10 * 60_000,
  controllerMs: 50,
  detachMs: 6_000,
  jobMs: 30_000,
};
