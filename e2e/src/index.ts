export { Fleet } from './in-process/fleet.ts';
export type { FleetOptions } from './in-process/fleet.ts';
export type { ObservedFleet } from './fleet/observed-fleet.ts';
export { ProcessFleet } from './processes/process-fleet.ts';
export { NEW, OLD } from './fleet/versions.ts';
