import type { Clock, Random } from '@brupop/ports';
import type { WorkloadObject } from './objects.ts';
import type { PodIndex } from './pod-index.ts';
import type { ClusterTimings } from './timings.ts';
import type { WorldStore } from './world-store.ts';

/** What every workload controller works with. */
export interface ControllerContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: WorldStore;
  readonly pods: PodIndex;
  readonly timings: ClusterTimings;
  readonly log: (type: string, subject: string, message: string) => void;
}

/** Brings one workload closer to what its spec asks for. Called again after every change; must write nothing when nothing is missing. */
export interface WorkloadController {
  reconcile(workload: WorkloadObject): void;
}
