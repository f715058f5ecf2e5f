import type { World } from './world.ts';

/** One behaviour of the Kubernetes API. */
export interface ContractCase {
  /** A sentence. */
  readonly name: string;
  /** Calls the API, and returns the relevant part of its answers. */
  readonly observe: (world: World) => Promise<unknown>;
  /** The result with every Kubernetes API. */
  readonly expected: unknown;
}
