import type { SimulatedHost } from '../host/simulated-host.ts';
import type { PodObject } from './objects.ts';

/** The surroundings of a pod's program. */
export interface PodContext {
  readonly nodeName: string;
  readonly host: SimulatedHost;
  readonly podIP: string;
  /** A projected token bound to this pod and its node, for one audience. */
  issueToken(audience: string, expiresAfterMs: number): string;
  /** Must be called once when the program has ended by itself. */
  exited(code: number): void;
}

/** Starts the program of each pod that has a container named `brupop`; all other pods only pretend to run. */
export interface PodRunner {
  /** Called for each start of the container, including restarts. */
  start(pod: PodObject, context: PodContext): RunningPod;
}

/** A running program. */
export interface RunningPod {
  /** Readiness; polled. A rejection means not ready. */
  isReady(): Promise<boolean>;
  /** Resolves once it has ended. `exited` need not be called then. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> | void;
}

/** Name of the container that a {@link PodRunner} runs. */
export const RUN_CONTAINER = 'brupop';
