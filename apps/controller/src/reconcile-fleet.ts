import { shadowPath } from '@brupop/crd-models';
import type { BottlerocketShadow } from '@brupop/crd-models';
import type { KubeClient, ReconcileResult } from '@brupop/kube-runtime';
import { isKubeStatus, KubeApiError } from '@brupop/kube-runtime';
import type { Clock } from '@brupop/ports';
import type { Logger } from '@brupop/process';
import type { FleetChange, FleetObservation, FleetPlan, FleetPolicy } from '@brupop/state-machine';
import { planFleet } from '@brupop/state-machine';
import { applyChange } from './apply-change.ts';
import type { AssumedShadows } from './assumed-shadows.ts';
import { LOOK_FOR_SILENCE_MS } from './check-watch.ts';
import type { FailingWrites } from './failing-writes.ts';
import type { FleetMetrics } from './fleet-metrics.ts';
import type { HoldWatch } from './hold-watch.ts';
import type { PhaseDurations } from './phase-durations.ts';
import type { PlanReporter } from './report-plan.ts';
import { transformShadow } from './transform.ts';
import type { ConditionWriter } from './write-conditions.ts';

/** What one reconcile works with. */
export interface FleetReconcilerDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly policy: FleetPolicy;
  readonly namespace: string;
  readonly assumed: AssumedShadows;
  readonly failingWrites: FailingWrites;
  readonly reporter: PlanReporter;
  readonly metrics: FleetMetrics;
  readonly phases: PhaseDurations;
  readonly holdWatch: HoldWatch;
  readonly conditions: ConditionWriter;
  /** The fleet as the caches show it, our own writes included. */
  readonly observe: () => FleetObservation;
}

// The wall clock may jump; nobody shall wait for a time that has passed long ago.
const LONGEST_PAUSE_MS = 10 * 60_000;
const AFTER_CONFLICT_MS = 500;
// A node that was changed waits for something from then on, and only a plan tells for what and until when. Our own write is no news that asks for one.
const AFTER_CHANGE_MS = 500;
// Another node may have the slot of one whose change was refused, which is then left alone for a while.
const AFTER_REFUSAL_MS = 1_000;

/** @returns the one reconcile of the controller: observe, decide, act, report */
export function createFleetReconciler(deps: FleetReconcilerDeps): (signal: AbortSignal) => Promise<ReconcileResult> {
  /** Shadows of which a write may or may not have been made. */
  const doubtful = new Set<string>();

  return async (signal) => {
    await settleDoubts(deps, doubtful, signal);
    const observation = deps.observe();
    for (const ended of deps.phases.look(observation.shadows, deps.clock.now())) deps.metrics.phaseEnded(ended);
    const plan = planFleet(observation, deps.policy, deps.clock.now());
    const { outdated, made, refused, failure } = await act(deps, plan, observation, doubtful, signal);
    const { holds, againInMs } = deps.holdWatch.look(plan.holds, observation.shadows, {
      steady: deps.clock.monotonic(),
      wall: deps.clock.now(),
    });
    deps.reporter.held(holds, observation);
    if (failure !== undefined) throw failure as Error;
    const conditionsInMs = await deps.conditions.write(holds, observation.shadows, signal);
    const afterChanges = [made ? AFTER_CHANGE_MS : undefined, refused ? AFTER_REFUSAL_MS : undefined];
    const silenceInMs = observation.shadows.length > 0 ? LOOK_FOR_SILENCE_MS : undefined;
    return requeue(plan, outdated, [conditionsInMs, againInMs, silenceInMs, ...afterChanges], deps.clock);
  };
}

/** Reads what is there: the cache may not show it yet, and a plan on top of a guess may exceed the budget. */
async function settleDoubts(
  { client, namespace, assumed }: FleetReconcilerDeps,
  doubtful: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  for (const name of doubtful) {
    try {
      assumed.written(transformShadow(await client.request<BottlerocketShadow>('GET', shadowPath(namespace, name), { signal })));
    } catch (error) {
      if (!isKubeStatus(error, 404)) throw error;
    }
    doubtful.delete(name);
  }
}

/** What became of the changes of a plan. */
interface Outcome {
  /** Whether any was made. */
  made: boolean;
  /** Whether any was refused in a way that trying again does not mend. */
  refused: boolean;
  /** Whether a shadow had changed since the plan. */
  outdated: boolean;
  /** Whether a slot that the plan counted as free may still be taken. */
  slotKept: boolean;
  /** The first failure that trying again may mend. */
  failure: unknown;
}

/** Makes the changes in order. One that cannot be made stops none of the others, except those that may need the slot it was to free. */
async function act(
  deps: FleetReconcilerDeps,
  plan: FleetPlan,
  observation: FleetObservation,
  doubtful: Set<string>,
  signal: AbortSignal,
): Promise<Outcome> {
  const shadows = new Map(plan.changes.length === 0 ? [] : observation.shadows.map((shadow) => [shadow.metadata.name, shadow]));
  const outcome: Outcome = { made: false, refused: false, outdated: false, slotKept: false, failure: undefined };
  for (const change of plan.changes) {
    signal.throwIfAborted();
    if (outcome.slotKept && takesSlot(change)) continue;
    const about = { node: change.node, reason: change.reason };
    if (change.kind === 'spec') deps.assumed.writing(change.shadow, change.spec);
    try {
      const applied = await applyChange(deps.client, deps.namespace, change, signal);
      if (applied.kind === 'outdated') {
        outcome.outdated = true;
        outcome.slotKept ||= !takesSlot(change);
        deps.log.debug('A shadow has changed meanwhile, planning again', { ...about, detail: applied.message });
        continue;
      }
      if (applied.kind === 'written') deps.assumed.written(transformShadow(applied.shadow));
      else if (change.kind === 'delete-shadow') deps.assumed.deleted(change);
    } catch (error) {
      deps.log.error('Changing a shadow failed, going on with the others', { ...about, error });
      deps.failingWrites.failed(change.shadow, error);
      outcome.slotKept ||= !takesSlot(change);
      if (error instanceof KubeApiError && error.retry === 'terminal') {
        outcome.refused = true;
        continue;
      }
      doubtful.add(change.shadow);
      outcome.failure ??= error;
      continue;
    }
    outcome.made = true;
    deps.failingWrites.succeeded(change.shadow);
    deps.metrics.changed(change, shadows.get(change.shadow), deps.clock.now());
    deps.reporter.changed(change, observation);
  }
  return outcome;
}

const takesSlot = ({ reason }: FleetChange): boolean => reason === 'UpdateStarted' || reason === 'RebootAllowed';

/** @param inMs what else is to be looked at again, and in how many milliseconds */
function requeue({ recheckAt }: FleetPlan, outdated: boolean, inMs: readonly (number | undefined)[], clock: Clock): ReconcileResult {
  if (outdated) return { requeueAfterMs: AFTER_CONFLICT_MS };
  const untilRecheck = recheckAt === undefined ? undefined : Math.max(0, recheckAt - clock.now());
  const wishes = [untilRecheck, ...inMs].filter((wish) => wish !== undefined);
  return wishes.length === 0 ? {} : { requeueAfterMs: Math.min(...wishes, LONGEST_PAUSE_MS) };
}
