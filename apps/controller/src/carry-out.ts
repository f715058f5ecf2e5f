import { shadowPath, type BottlerocketShadow } from '@brupop/crd-models';
import { getOrUndefined, KubeApiError } from '@brupop/kube-runtime';
import type { FleetChange } from '@brupop/state-machine';
import { applyChange } from './apply-change.ts';
import type { AssumedShadows } from './assumed-shadows.ts';
import type { Context } from './context.ts';
import type { FailingWrites } from './failing-writes.ts';
import type { PlannedFleet } from './planned-fleet.ts';
import { transformShadow } from './transform.ts';

/** The dependencies of {@link createPlanWriter}. */
export interface CarryOutDeps extends Context {
  readonly assumed: AssumedShadows;
  readonly failingWrites: FailingWrites;
  /** Called with each change that was made. */
  readonly onChanged: (change: FleetChange, planned: PlannedFleet) => void;
}

/** The result of the changes of a plan. */
export interface Outcome {
  /** Whether any change was made. */
  readonly made: boolean;
  /** Whether any change was rejected, so that an immediate retry cannot succeed. */
  readonly rejected: boolean;
  /** Whether a shadow had changed since the plan. */
  readonly outdated: boolean;
  /** The first failure that a retry may resolve. */
  readonly failure: unknown;
}

/** Writes the changes of plans. */
export interface PlanWriter {
  /**
   * Reads the shadows whose last write may or may not have been made: the cache may not show it yet, and a plan based on a guess may exceed
   * the budget.
   * @throws `KubeApiError` or the transport's error, if one cannot be read
   */
  settleDoubts(signal: AbortSignal): Promise<void>;
  /** Makes the changes in order. A change that fails stops no others, except those that may need the slot that it was to free. */
  carryOut(planned: PlannedFleet, signal: AbortSignal): Promise<Outcome>;
}

export function createPlanWriter({ client, log, namespace, assumed, failingWrites, onChanged }: CarryOutDeps): PlanWriter {
  /** Shadows with a write that may or may not have been made. */
  const doubtful = new Set<string>();

  return {
    async settleDoubts(signal) {
      for (const name of doubtful) {
        const shadow = await getOrUndefined<BottlerocketShadow>(client, shadowPath(namespace, name), { signal });
        if (shadow !== undefined) assumed.written(transformShadow(shadow));
        doubtful.delete(name);
      }
    },
    async carryOut(planned, signal) {
      let [made, rejected, outdated] = [false, false, false];
      /** Whether a slot that the plan counts as free may still be in use. */
      let slotKept = false;
      let failure: unknown;
      for (const change of planned.plan.changes) {
        signal.throwIfAborted();
        if (slotKept && takesSlot(change)) continue;
        const about = { node: change.node, reason: change.reason };
        if (change.kind === 'spec') assumed.writing(change.shadow, change.spec);
        try {
          const applied = await applyChange(client, namespace, change, signal);
          if (applied.kind === 'outdated') {
            outdated = true;
            slotKept ||= !takesSlot(change);
            log.debug('The shadow has changed since the plan; planning again', { ...about, detail: applied.message });
            continue;
          }
          if (applied.kind === 'written') assumed.written(transformShadow(applied.shadow));
          else if (change.kind === 'delete-shadow') assumed.deleted(change);
        } catch (error) {
          log.error('Failed to update a shadow; continuing with the others', { ...about, error });
          failingWrites.failed(change.shadow, error);
          slotKept ||= !takesSlot(change);
          if (error instanceof KubeApiError && error.retry === 'terminal') {
            rejected = true;
            continue;
          }
          doubtful.add(change.shadow);
          failure ??= error;
          continue;
        }
        made = true;
        failingWrites.succeeded(change.shadow);
        onChanged(change, planned);
      }
      return { made, rejected, outdated, failure };
    },
  };
}

const takesSlot = ({ reason }: FleetChange): boolean => reason === 'UpdateStarted' || reason === 'RebootAllowed';
