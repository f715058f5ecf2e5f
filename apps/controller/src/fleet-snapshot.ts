import type { Clock } from '@brupop/ports';
import { estimateFleet, planFleet } from '@brupop/state-machine';
import type { FleetEstimate, FleetObservation, FleetPlan, FleetPolicy } from '@brupop/state-machine';
import type { PhaseDurations } from './phase-durations.ts';

/** The fleet at one moment, what a leader would do then, and when it is likely to be done. */
export interface FleetSnapshot {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly observation: FleetObservation;
  readonly plan: FleetPlan;
  readonly estimate: FleetEstimate;
}

// Anybody in the cluster may ask, and a plan of 5,000 nodes is work that the leader would not get round to its own for.
const FRESH_MS = 1_000;

/** @returns a picture that is at most a second old */
export function createFleetSnapshot({
  observe,
  policy,
  clock,
  phases,
}: {
  readonly observe: () => FleetObservation;
  readonly policy: FleetPolicy;
  readonly clock: Clock;
  readonly phases: PhaseDurations;
}): () => FleetSnapshot {
  let taken: { readonly picture: FleetSnapshot; readonly atMs: number } | undefined;
  return () => {
    if (taken === undefined || clock.monotonic() - taken.atMs >= FRESH_MS) {
      const at = clock.now();
      const observation = observe();
      const plan = planFleet(observation, policy, at);
      const estimate = estimateFleet(plan, observation.shadows, policy.window, phases.durations(), at);
      taken = { picture: { at, observation, plan, estimate }, atMs: clock.monotonic() };
    }
    return taken.picture;
  };
}
