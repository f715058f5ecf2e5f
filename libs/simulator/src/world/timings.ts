/** Durations in the cluster, in milliseconds. The defaults are those of Kubernetes, except for pods, which start faster. */
export interface ClusterTimings {
  /** Interval of a kubelet's heartbeats. */
  readonly heartbeatMs: number;
  /** Without a heartbeat for this long a node's Ready condition becomes Unknown. */
  readonly nodeGraceMs: number;
  /** How long after that its pods are deleted, as by the default tolerations of unreachable nodes. */
  readonly podEvictionMs: number;
  /** Interval of the checks of the heartbeats. */
  readonly nodeMonitorMs: number;
  /** From the boot until the kubelet has registered. */
  readonly kubeletStartMs: number;
  /** From the kubelet's registration until the node is Ready (the CNI is up). */
  readonly nodeReadyMs: number;
  /** From binding a pod until its containers run. */
  readonly podStartMs: number;
  /** How long an ordinary container takes to stop after SIGTERM; never longer than its grace period. */
  readonly terminationMs: number;
  /** Interval of readiness probes of real programs. */
  readonly readinessPeriodMs: number;
  /** The first backoff before a container that ended is restarted; doubles up to `restartBackoffMaxMs`. */
  readonly restartBackoffMs: number;
  readonly restartBackoffMaxMs: number;
  /** How long a container must run until its backoff is reset. */
  readonly restartBackoffResetMs: number;
  /** How long the controllers and the scheduler take to notice a change. */
  readonly controllerMs: number;
  /** From the end of the last pod on a node that uses a volume until the volume is detached. */
  readonly detachMs: number;
  /** How long a pod with a restart policy other than Always runs. */
  readonly jobMs: number;
}

/** The durations of Kubernetes; see {@link ClusterTimings}. */
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
