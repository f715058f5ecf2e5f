import type { Clock } from '@brupop/ports';
import { estimateFleet, planFleet, type FleetEstimate, type FleetObservation, type FleetPolicy } from '@brupop/state-machine';
import { atMostEvery } from './at-most-every.ts';
import type { PlannedFleet } from './planned-fleet.ts';
import type { PhaseDurations } from './phase-durations.ts';

/** What `/plan` and the gauges show: a plan, and when the fleet is expected to be updated. */
export interface FleetSnapshot extends PlannedFleet {
  readonly estimate: FleetEstimate;
}

interface FleetSnapshotDeps {
  readonly lastPlan: () => PlannedFleet | undefined;
  readonly observe: () => FleetObservation;
  readonly policy: FleetPolicy;
  readonly clock: Clock;
  readonly phases: PhaseDurations;
}

// Anyone in the cluster may ask, and a plan or an estimate of 5,000 nodes keeps the leader from its own work.
const FRESH_MS = 1_000;

/**
 * @returns the last plan as of at most a second ago. A process without one, which is a follower or a leader that has not planned yet, makes
 * one to show. The estimate is always of the current time, since an update may take longer than the plan could know.
 */
export function createFleetSnapshot({ lastPlan, observe, policy, clock, phases }: FleetSnapshotDeps): () => FleetSnapshot {
  const planToShow = (): PlannedFleet => {
    const at = clock.now();
    const observation = observe();
    return { at, observation, plan: planFleet(observation, policy, at) };
  };
  return atMostEvery(clock, FRESH_MS, () => {
    const planned = lastPlan() ?? planToShow();
    return {
      ...planned,
      estimate: estimateFleet(planned.plan, planned.observation.shadows, policy.window, phases.durations(), clock.now()),
    };
  });
}
