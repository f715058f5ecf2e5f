import { CLUSTER_FAULTS } from './cluster-fault-catalogue.ts';
import type { Fault } from './fault.ts';
import { HOST_FAULTS } from './host-fault-catalogue.ts';

/** Every fault by name. */
export const FAULTS: readonly Fault[] = [...HOST_FAULTS, ...CLUSTER_FAULTS];

/** One of {@link FAULTS}. @throws for a name that is not among them; the message lists them */
export function faultNamed(name: string): Fault {
  const found = FAULTS.find((fault) => fault.name === name);
  if (found === undefined) throw new Error(`there is no fault ${name}; there are ${FAULTS.map((fault) => fault.name).join(', ')}`);
  return found;
}
