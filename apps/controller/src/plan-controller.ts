import { createWorkQueue, type ReconcileResult, type Reconciled } from '@brupop/kube-runtime';
import { followHolds, NO_SPANS, planFleet, type FleetObservation, type FleetPolicy } from '@brupop/state-machine';
import { createPlanWriter, type CarryOutDeps, type Outcome } from './carry-out.ts';
import type { Exclusion } from './exclusion.ts';
import type { PlannedFleet } from './planned-fleet.ts';
import { reportedTroubles } from './reported-troubles.ts';

interface PlanControllerDeps extends CarryOutDeps {
  readonly policy: FleetPolicy;
  /** The fleet as the caches show it, with our own writes applied. */
  readonly observe: () => FleetObservation;
  readonly exclusion: Exclusion;
  /** Called with each plan, before it is carried out. */
  readonly onPlan: (planned: PlannedFleet) => void;
  readonly onReconcile: (reconciled: Reconciled<'fleet'>) => void;
}

/** Plans the fleet and writes the specs of shadows. */
export interface PlanController {
  /** Asks for a plan in so many milliseconds at the latest. */
  readonly planWithin: (ms: number) => void;
  /**
   * The plan that was carried out last, or is being carried out. All that is reported, shown and written to conditions comes from it.
   * undefined: this process is not the leader, or has not planned yet in this term
   */
  readonly lastPlan: () => PlannedFleet | undefined;
  /** Whether a plan is due (1) or not (0). */
  depth(): number;
  /** Plans until `signal` aborts, which ends the term. The caches must be in sync. */
  run(signal: AbortSignal): Promise<void>;
}

// Events come in bursts, and one plan serves many; but a node that is ready for its next step waits no longer than this.
const COALESCE_MS = 10;
// Some facts change with time alone and without a time to plan again: an agent that stops reporting, or a wall clock that jumps.
const LONGEST_PAUSE_MS = 60_000;
const AFTER_CONFLICT_MS = 500;
// Only the next plan finds what a node waits for after its spec was written, and until when; the event of our own write causes no plan.
const AFTER_CHANGE_MS = 500;
// Another node may get the slot of a node whose change was rejected, which is then skipped for a while.
const AFTER_REJECTION_MS = 1_000;

export function createPlanController(deps: PlanControllerDeps): PlanController {
  const { clock, log, random, policy, observe, exclusion, onPlan, onReconcile } = deps;
  const writer = createPlanWriter(deps);
  let lastPlan: PlannedFleet | undefined;
  /** How long nodes have waited. In memory; the next leader reads from the conditions of shadows which holds were reported. */
  let spans = NO_SPANS;

  const reconcile = async (signal: AbortSignal): Promise<ReconcileResult> => {
    // The term may have ended during the condition write that this plan waited for.
    signal.throwIfAborted();
    await writer.settleDoubts(signal);
    const at = clock.now();
    const observation = observe();
    const made = planFleet(observation, policy, at);
    const followed = followHolds(spans, made.holds, reportedTroubles(observation.shadows), { steady: clock.monotonic(), wall: at });
    spans = followed.spans;
    lastPlan = { at, observation, plan: { ...made, holds: followed.holds } };
    onPlan(lastPlan);
    const outcome = await writer.carryOut(lastPlan, signal);
    if (outcome.failure !== undefined) throw outcome.failure as Error;
    const untilRecheck = made.recheckAt === undefined ? Infinity : made.recheckAt - clock.now();
    const untilHoldLasts = followed.nextAt === undefined ? Infinity : followed.nextAt - clock.monotonic();
    return { requeueAfterMs: Math.max(0, pauseAfter(outcome, Math.min(untilRecheck, untilHoldLasts))) };
  };

  const queue = createWorkQueue<'fleet'>({
    clock,
    log,
    random,
    coalesceMs: COALESCE_MS,
    reconcile: (_key, signal) => exclusion.run(() => reconcile(signal)),
    onReconcile,
  });
  return {
    planWithin(ms) {
      queue.add('fleet', ms);
    },
    lastPlan: () => lastPlan,
    depth: () => queue.depth(),
    async run(signal) {
      // Another process may have been the leader since.
      spans = NO_SPANS;
      queue.add('fleet');
      await queue.run(signal);
      lastPlan = undefined;
    },
  };
}

/** @param dueMs when time alone may change the plan, in milliseconds from now */
function pauseAfter({ outdated, made, rejected }: Outcome, dueMs: number): number {
  if (outdated) return AFTER_CONFLICT_MS;
  return Math.min(dueMs, LONGEST_PAUSE_MS, made ? AFTER_CHANGE_MS : Infinity, rejected ? AFTER_REJECTION_MS : Infinity);
}
