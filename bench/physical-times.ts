import { DEFAULT_CLUSTER_TIMINGS, DEFAULT_HOST_TIMINGS } from '@brupop/simulator';
import type { ClusterTimings, HostTimings } from '@brupop/simulator';

/** Durations of the hosts with which Brupop 1.x was measured: six seconds of a node's update. */
export const REAL_HOSTS: Partial<HostTimings> = { refreshMs: 500, downloadMs: 1_000, activateMs: 300, shutdownMs: 200, rebootMs: 2_300 };
/** Durations of the cluster around them. */
export const REAL_CLUSTER: Partial<ClusterTimings> = {
  terminationMs: 1_000,
  kubeletStartMs: 400,
  nodeReadyMs: 300,
  podStartMs: 300,
  readinessPeriodMs: 250,
  heartbeatMs: 1_000,
  nodeGraceMs: 4_000,
  nodeMonitorMs: 500,
};

/** Duration of an update of one node without any other wait, in milliseconds. */
export function hostMs(hosts: Partial<HostTimings>, cluster: Partial<ClusterTimings>): number {
  const { refreshMs, downloadMs, activateMs, shutdownMs, rebootMs } = { ...DEFAULT_HOST_TIMINGS, ...hosts };
  const { terminationMs, kubeletStartMs, nodeReadyMs } = { ...DEFAULT_CLUSTER_TIMINGS, ...cluster };
  return refreshMs + downloadMs + activateMs + terminationMs + shutdownMs + rebootMs + kubeletStartMs + nodeReadyMs;
}
