import type { Random } from '@brupop/ports';
import type { SimulatedCluster } from './simulated-cluster.ts';

/** Options of a fault. */
export interface FaultOptions {
  /** Picks the target: equal sequences pick the same. */
  readonly random: Random;
  /** The target node; by default a random managed one. */
  readonly node?: string;
  /** Namespace of the operator. */
  readonly namespace?: string;
  /** Duration of faults that end by themselves, in milliseconds; 60 s by default. */
  readonly durationMs?: number;
}

/** The effect of a fault. */
export interface AppliedFault {
  /** The target: a node name, `namespace/name` of an object, or `cluster`; undefined if there was none. */
  readonly target: string | undefined;
  /** Ends the fault early, where possible. May be called repeatedly. */
  lift(): void;
}

/**
 * The best moment to apply a fault: immediately, since it waits for its occasion; when every node is registered; during an update;
 * or then, on the very node that is being updated.
 */
export type FaultMoment = 'at-once' | 'registered' | 'during-update' | 'on-updated-node';

/** A named fault. */
export interface Fault {
  readonly name: string;
  /** What happens, and how it ends. */
  readonly help: string;
  readonly moment: FaultMoment;
  /** Whether a node is left without its update, for good or for so long that waiting is pointless. */
  readonly lasting: boolean;
  apply(cluster: SimulatedCluster, options: FaultOptions): AppliedFault;
}

/** Duration of a fault if its options set none. */
export const DEFAULT_FAULT_MS = 60_000;

/** Creates a fault that records its target in the cluster's log. */
export function fault(
  name: string,
  help: string,
  apply: Fault['apply'],
  { moment = 'at-once', lasting = false }: Partial<Pick<Fault, 'moment' | 'lasting'>> = {},
): Fault {
  return {
    name,
    help,
    moment,
    lasting,
    apply(cluster, options) {
      const applied = apply(cluster, options);
      cluster.log.add('fault', applied.target ?? '', name);
      return applied;
    },
  };
}

/** An applied fault whose `undo` runs once: when it is lifted, or after `afterMs`. */
export function applied(cluster: SimulatedCluster, target: string | undefined, undo?: () => void, afterMs?: number): AppliedFault {
  let lifted = undo === undefined;
  const lift = (): void => {
    if (lifted) return;
    lifted = true;
    cancel();
    undo?.();
    cluster.log.add('fault-lifted', target ?? '');
  };
  const cancel = afterMs === undefined ? () => undefined : cluster.clock.setTimer(afterMs, lift);
  return { target, lift };
}

/** One of `candidates`; undefined when there is none. */
export function pick<T>(candidates: readonly T[], random: Random): T | undefined {
  return candidates[Math.floor(random() * candidates.length)];
}
