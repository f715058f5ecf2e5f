import type { World } from './world.ts';

/** One behaviour of the Kubernetes API. */
export interface ContractCase {
  /** A sentence. */
  readonly name: string;
  /** Asks the API, and gives of its answers what matters. */
  readonly observe: (world: World) => Promise<unknown>;
  /** What every Kubernetes API gives. */
  readonly expected: unknown;
}
