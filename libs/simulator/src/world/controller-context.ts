import type { Clock, Random } from '@brupop/ports';
import type { WorkloadObject } from './objects.ts';
import type { PodIndex } from './pod-index.ts';
import type { ClusterTimings } from './timings.ts';
import type { WorldStore } from './world-store.ts';

/** What every workload controller needs. */
export interface ControllerContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: WorldStore;
  readonly pods: PodIndex;
  readonly timings: ClusterTimings;
  readonly log: (type: string, subject: string, message: string) => void;
}

/** Reconciles one workload with its spec. Called again after every change; must write nothing if nothing is missing. */
export interface WorkloadController {
  reconcile(workload: WorkloadObject): void;
}
