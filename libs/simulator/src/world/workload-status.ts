import { placeOfObject } from './objects.ts';
import type { WorkloadObject } from './objects.ts';
import type { WorldStore } from './world-store.ts';

/** Writes the numbers of a workload's status if any has changed. */
export function writeStatus(store: WorldStore, workload: WorkloadObject, numbers: Readonly<Record<string, number>>): void {
  const wanted = { ...numbers, observedGeneration: workload.metadata.generation ?? 1 };
  const before = workload.status ?? {};
  if (Object.entries(wanted).every(([name, value]) => before[name] === value)) return;
  store.patch(workload.kind as 'Deployment', placeOfObject(workload), { status: wanted }, 'status');
}
