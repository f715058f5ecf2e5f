import { shadowStatusPath } from '@brupop/crd-models';
import { createWorkQueue, isKubeStatus, KubeApiError, MERGE_PATCH, type ReconcileResult } from '@brupop/kube-runtime';
import { shadowConditions } from '@brupop/state-machine';
import type { AssumedShadows } from './assumed-shadows.ts';
import type { Context } from './context.ts';
import { createConditionQueue, type DueConditions } from './condition-queue.ts';
import type { Exclusion } from './exclusion.ts';
import type { PlannedFleet } from './planned-fleet.ts';
import { transformShadow } from './transform.ts';

interface ConditionsControllerDeps extends Context {
  readonly assumed: AssumedShadows;
  readonly exclusion: Exclusion;
  /** Asks for a plan in so many milliseconds at the latest. */
  readonly planWithin: (ms: number) => void;
}

/**
 * Keeps the conditions of shadows in line with the last plan. People and monitoring read them, and nothing is decided by them: a write that
 * fails is retried, and is no failure of the plan.
 */
export interface ConditionsController {
  /** Takes the conditions that are due from a new plan. */
  readonly planned: (planned: PlannedFleet) => void;
  /** Notes that a shadow has changed since a plan of this term. */
  changed(shadow: string): void;
  /** Writes conditions until `signal` aborts, which ends the term. */
  run(signal: AbortSignal): Promise<void>;
}

const RETRY_MS = 1_000;
// While steps follow one another, one condition write for each plan is enough.
const YIELD_MS = 1_000;

export function createConditionsController(deps: ConditionsControllerDeps): ConditionsController {
  const { client, clock, random, log, namespace, assumed, exclusion, planWithin } = deps;
  const due = createConditionQueue(clock);

  /** Writes conditions only over the very shadow that they were computed from. */
  const write = async ({ shadow, hold }: DueConditions, signal: AbortSignal): Promise<ReconcileResult> => {
    const { name, resourceVersion } = shadow.metadata;
    const body = { metadata: { resourceVersion }, status: { conditions: shadowConditions(shadow, hold, clock.now()) } };
    const path = shadowStatusPath(namespace, name);
    try {
      assumed.written(transformShadow(await client.request<unknown>('PATCH', path, { body, contentType: MERGE_PATCH, signal })));
      due.remove(name, true);
    } catch (error) {
      signal.throwIfAborted();
      if (isKubeStatus(error, 404, 409)) {
        due.remove(name, false);
        if (isKubeStatus(error, 409)) planWithin(RETRY_MS);
        return { requeueAfterMs: 0 };
      }
      due.postpone(name);
      log.warn('Failed to write the conditions of a shadow', { shadow: name, error });
      // An API server that is down would fail the writes of the whole fleet.
      if (!(error instanceof KubeApiError && error.retry === 'terminal')) return { requeueAfterMs: RETRY_MS };
    }
    return { requeueAfterMs: exclusion.waiting() > 0 ? YIELD_MS : 0 };
  };

  const queue = createWorkQueue<'conditions'>({
    clock,
    log,
    random,
    reconcile: (_key, signal) =>
      exclusion.run(async () => {
        signal.throwIfAborted();
        const next = due.next();
        if (typeof next === 'object') return write(next, signal);
        return next === Infinity ? {} : { requeueAfterMs: next };
      }),
  });
  return {
    planned(planned) {
      due.plan(planned);
      queue.add('conditions');
    },
    changed: (shadow) => {
      due.changed(shadow);
    },
    async run(signal) {
      due.clear();
      await queue.run(signal);
    },
  };
}
