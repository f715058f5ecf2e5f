import { CLUSTER_FAULTS } from './cluster-fault-catalogue.ts';
import type { Fault } from './fault.ts';
import { HOST_FAULTS } from './host-fault-catalogue.ts';

/** Every fault by name. */
export const FAULTS: readonly Fault[] = [...HOST_FAULTS, ...CLUSTER_FAULTS];

/** One of {@link FAULTS}. @throws Error for an unknown name; the message lists the known ones */
export function faultNamed(name: string): Fault {
  const found = FAULTS.find((fault) => fault.name === name);
  if (found === undefined) throw new Error(`unknown fault ${name}; choose one of ${FAULTS.map((fault) => fault.name).join(', ')}`);
  return found;
}
