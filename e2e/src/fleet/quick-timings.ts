import type { ClusterTimings, HostTimings } from '@brupop/simulator';

/** A cluster that reacts within a second, for real time; patient enough not to lose a node on a busy machine. */
export const QUICK_CLUSTER: Partial<ClusterTimings> = {
  heartbeatMs: 1000,
  nodeGraceMs: 10_000,
  nodeMonitorMs: 500,
  podEvictionMs: 5000,
  kubeletStartMs: 200,
  nodeReadyMs: 50,
  podStartMs: 100,
  terminationMs: 200,
  readinessPeriodMs: 200,
  restartBackoffMs: 200,
  restartBackoffMaxMs: 400,
};

/** Hosts on which everything that takes minutes takes a second. */
export const QUICK_HOSTS: Partial<HostTimings> = { refreshMs: 100, downloadMs: 300, activateMs: 100, shutdownMs: 300, rebootMs: 700 };
