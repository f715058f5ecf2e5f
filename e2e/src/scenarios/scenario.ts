import type { ObservedFleet } from '../fleet/observed-fleet.ts';

type App = 'agent' | 'apiserver' | 'controller';

/** Environment of each component, as the manifest would set it. */
export type ComponentEnv = Readonly<Partial<Record<App, Readonly<Record<string, string>>>>>;

/** The fleet that a scenario needs. Every host runs the old version; the repository offers the new one. */
export interface FleetSpec {
  readonly nodes: number;
  /** Pods of the `web` Deployment, 4 by default; 0 leaves out every workload with a PodDisruptionBudget. */
  readonly webReplicas?: number;
}

/**
 * Something that a fleet has to get through. It is played in real time with real processes as well as on a virtual clock: it waits for
 * conditions, its times are those of quick hosts, and its limits leave room for a machine that is busy.
 */
export interface Scenario {
  /** What must hold, as a sentence. */
  readonly name: string;
  readonly fleet: FleetSpec;
  /** @param now wall-clock time of the fleet at its start, in milliseconds */
  readonly env?: (now: number) => ComponentEnv;
  /** Whether nothing goes wrong on the way, so that no process has an error to log. */
  readonly smooth?: true;
  /** Rejects when the fleet does not do what it must. */
  readonly play: (fleet: ObservedFleet) => Promise<void>;
}

/** Longest time from one stage of a scenario to the next. */
export const STAGE_MS = 240_000;
