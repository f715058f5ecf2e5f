import type { FleetObservation, FleetPlan } from '@brupop/state-machine';

/** A plan and what it was made from. */
export interface PlannedFleet {
  /** When the plan was made, in milliseconds since the epoch. */
  readonly at: number;
  readonly observation: FleetObservation;
  /** With `lasting` set on the holds that have lasted too long. */
  readonly plan: FleetPlan;
}
