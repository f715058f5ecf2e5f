export {};
// Hosts and the world around them.
export { DEFAULT_HOST_TIMINGS, SimulatedHost } from './host/simulated-host.ts';
export type { HostEvent, HostTimings, SimulatedHostOptions } from './host/simulated-host.ts';
export type { HostAdmin, AdminResult } from './host/host-admin.ts';
export type { HostFaults, Times } from './host/host-faults.ts';
export { serveUnix } from './host/serve-unix.ts';
export type { UnixServer } from './host/serve-unix.ts';
export type { CommandResult, UpdateCommand, UpdateState, UpdateStatusFile } from './host/update-status.ts';
export type { UpdateRepository } from './host/versions.ts';
