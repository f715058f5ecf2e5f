import type { ObservedFleet } from '../fleet/observed-fleet.ts';

type App = 'agent' | 'apiserver' | 'controller';

/** Environment of each component, as the manifest would set it. */
export type ComponentEnv = Readonly<Partial<Record<App, Readonly<Record<string, string>>>>>;

/** The fleet of a scenario. Every host runs the old version; the repository offers the new one. */
export interface FleetSpec {
  readonly nodes: number;
  /** Pods of the `web` Deployment, 4 by default; 0 omits every workload with a PodDisruptionBudget. */
  readonly webReplicas?: number;
}

/**
 * A test of a fleet that runs in real time with real processes as well as on a virtual clock: it waits for conditions, its durations are
 * those of quick hosts, and its limits have a margin for a busy machine.
 */
export interface Scenario {
  /** The property that must hold, as a sentence. */
  readonly name: string;
  readonly fleet: FleetSpec;
  /** @param now wall-clock time of the fleet at its start, in milliseconds */
  readonly env?: (now: number) => ComponentEnv;
  /** Whether no problem occurs on the way, so that no process logs an error. */
  readonly smooth?: true;
  /** Rejects if the fleet does not behave as expected. */
  readonly play: (fleet: ObservedFleet) => Promise<void>;
}

/** Maximum time from one stage of a scenario to the next. */
export const STAGE_MS = 240_000;
