export { Fleet } from './in-process/fleet.ts';
export type { FleetOptions } from './in-process/fleet.ts';
export type { ObservedFleet } from './fleet/observed-fleet.ts';
export { ProcessFleet } from './processes/process-fleet.ts';
export { NEW, OLD } from './fleet/versions.ts';
// A real control plane.
export { CONTROL_PLANE_PROGRAMS } from './real-cluster/cluster/control-plane.ts';
export { provideBinaries } from './real-cluster/cluster/binaries.ts';
export { whatControlPlaneMisses } from './real-cluster/cluster/requirements.ts';
export { HollowCluster } from './real-cluster/hollow/hollow-cluster.ts';
export type { HollowClusterOptions, HollowInstallation } from './real-cluster/hollow/hollow-cluster.ts';
export type { ApiRequest } from './real-cluster/requests.ts';
export { BUNDLES } from './processes/bundles.ts';
export { CannotMeasure, createMemoryCgroup } from './processes/memory-cgroup.ts';
export type { MemoryCgroup, MemorySample } from './processes/memory-cgroup.ts';
