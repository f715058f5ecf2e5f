import type { Random } from '@brupop/ports';
import type { SimulatedCluster } from './simulated-cluster.ts';

/** How a fault is to be applied. */
export interface FaultOptions {
  /** Picks what is hit: equal sequences hit the same. */
  readonly random: Random;
  /** The node to hit; by default one of the managed ones is picked. */
  readonly node?: string;
  /** Where the operator's own pods are. */
  readonly namespace?: string;
  /** How long faults last that end by themselves, in milliseconds; 60 s by default. */
  readonly durationMs?: number;
}

/** What a fault has done. */
export interface AppliedFault {
  /** What was hit: a node name, `namespace/name` of an object, or `cluster`; undefined when there was nothing to hit. */
  readonly target: string | undefined;
  /** Ends the fault early, where it can be ended. May be called any number of times. */
  lift(): void;
}

/**
 * When a fault shows best what it does: at once, as it waits for its occasion; when every node is registered; when an update is under way; or then,
 * on the very node that is being updated.
 */
export type FaultMoment = 'at-once' | 'registered' | 'during-update' | 'on-updated-node';

/** A named fault. */
export interface Fault {
  readonly name: string;
  /** What will happen, and in which state it ends. */
  readonly help: string;
  readonly moment: FaultMoment;
  /** Whether a node is left without its update for good, or for so long that nobody waits for it. */
  readonly lasting: boolean;
  apply(cluster: SimulatedCluster, options: FaultOptions): AppliedFault;
}

/** How long a fault lasts if its options do not say. */
export const DEFAULT_FAULT_MS = 60_000;

/** Makes a fault that writes to the cluster's log what it hits. */
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

/** An applied fault whose `undo` happens once: when it is lifted, or `afterMs` later. */
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
