import type { FleetObservation, FleetPlan } from '@brupop/state-machine';

/** A plan and what it was made from. */
export interface PlannedFleet {
  /** When the plan was made, in milliseconds since the epoch. */
  readonly at: number;
  readonly observation: FleetObservation;
  /** With `lasting` set on the holds that have lasted too long. */
  readonly plan: FleetPlan;
}

/** The plan that the leader carried out last, or carries out now. All that is reported, shown and written to conditions comes from it. */
export interface LastPlan {
  /** undefined: this process is not the leader, or has not planned yet in this term */
  get(): PlannedFleet | undefined;
  set(planned: PlannedFleet): void;
  /** Ends a term: the next leader plans from now on. */
  clear(): void;
  /** Adds a listener that is called with every plan, before it is carried out. */
  onPlan(listener: (planned: PlannedFleet) => void): void;
}

export function createLastPlan(): LastPlan {
  const listeners: ((planned: PlannedFleet) => void)[] = [];
  let last: PlannedFleet | undefined;
  return {
    get: () => last,
    set(planned) {
      last = planned;
      for (const listener of listeners) listener(planned);
    },
    clear() {
      last = undefined;
    },
    onPlan(listener) {
      listeners.push(listener);
    },
  };
}
