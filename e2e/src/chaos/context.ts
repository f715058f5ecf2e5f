import type { Random } from '@brupop/ports';
import type { SimulatedHost } from '@brupop/simulator';
import type { Fleet } from '../in-process/fleet.ts';
import type { Invariants } from './invariants.ts';

/** Context of a disturbance. */
export interface ChaosContext {
  readonly fleet: Fleet;
  readonly random: Random;
  readonly invariants: Invariants;
  /** Undone when the chaos ends. */
  readonly undo: (() => void)[];
  /** Nodes that an administrator cordoned; they must stay cordoned to the end. */
  readonly cordonedByHand: Set<string>;
  /** Nodes on which the pod of a DaemonSet is not Ready. */
  readonly unhealthy: Set<SimulatedHost>;
}

/** Something that happens to the cluster. @returns a description */
export type Disturbance = (context: ChaosContext) => string;

export const MINUTE = 60_000;
export const HOUR: number = 60 * MINUTE;

export const between = (random: Random, least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
export const oneOf = <T>(random: Random, items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
export const nodeOf = ({ fleet, random }: ChaosContext): string => oneOf(random, fleet.names) ?? '';
/** A node that is being updated, if any: most faults matter there. */
export const busyNodeOf = (context: ChaosContext): string =>
  (context.random() < 0.75 ? oneOf(context.random, context.fleet.updating) : undefined) ?? nodeOf(context);

/** Undoes something after up to `mostMs`, or when the chaos ends; once. */
export function undoLater({ fleet, random, undo }: ChaosContext, mostMs: number, how: () => void): void {
  let isDone = false;
  const once = (): void => {
    if (isDone) return;
    isDone = true;
    how();
  };
  fleet.clock.setTimer(between(random, 1_000, mostMs), once);
  undo.push(once);
}
