import { KeyedQueue } from './keyed-queue.ts';
import { isActive, isReady, keyOf, placeOf, placeOfObject } from './objects.ts';
import type { DisruptionBudgetObject, PodObject } from './objects.ts';
import { matchesLabelSelector } from '../api/storage/selectors.ts';
import type { ControllerContext } from './controller-context.ts';
import type { WorldStore } from './world-store.ts';
import { timestamp } from './timestamps.ts';

/** How many pods are expected, and how many of them must be healthy. */
export function desiredHealthy(spec: DisruptionBudgetObject['spec'], expected: number): number {
  const portion = (value: number | string): number =>
    typeof value === 'number' ? value : Math.ceil((Number.parseFloat(value) / 100) * expected);
  if (spec.maxUnavailable !== undefined) return Math.max(0, expected - portion(spec.maxUnavailable));
  return portion(spec.minAvailable ?? 1);
}

/** Maintains the status of PodDisruptionBudgets, by which the API allows or refuses evictions. */
export class DisruptionController {
  readonly #context: ControllerContext;
  readonly #queue: KeyedQueue;
  readonly #byNamespace = new Map<string, Set<string>>();

  constructor(context: ControllerContext) {
    this.#context = context;
    const { clock, timings, store } = context;
    this.#queue = new KeyedQueue(clock, timings.controllerMs, (key) => {
      this.#reconcile(key);
    });
    store.observe('PodDisruptionBudget', ({ before, after }) => {
      const object = after ?? before;
      const key = keyOf(placeOfObject(object));
      const namespace = object.metadata.namespace ?? '';
      const known = this.#byNamespace.get(namespace) ?? new Set<string>();
      this.#byNamespace.set(namespace, known);
      if (after === undefined) known.delete(key);
      else known.add(key);
      this.#queue.add(key);
    });
    store.observe('Pod', ({ before, after }) => {
      for (const key of this.#byNamespace.get((after ?? before).metadata.namespace ?? '') ?? []) this.#queue.add(key);
    });
  }

  stop(): void {
    this.#queue.stop();
  }

  #reconcile(key: string): void {
    const { store, pods, clock } = this.#context;
    const budget = store.get('PodDisruptionBudget', placeOf(key));
    if (budget === undefined) return;
    const selected = pods
      .inNamespace(budget.metadata.namespace ?? '')
      .filter(({ metadata }) => matchesLabelSelector(budget.spec.selector, metadata.labels));
    const expectedPods = expectedCount(store, budget.spec, selected);
    const currentHealthy = selected.filter((pod) => isActive(pod) && isReady(pod)).length;
    const desired = desiredHealthy(budget.spec, expectedPods);
    const disruptionsAllowed = expectedPods > 0 ? Math.max(0, currentHealthy - desired) : 0;
    const wanted = {
      currentHealthy,
      desiredHealthy: desired,
      expectedPods,
      disruptionsAllowed,
      observedGeneration: budget.metadata.generation ?? 1,
    };
    const before = budget.status ?? {};
    const remembers = Object.keys(before['disruptedPods'] ?? {}).length > 0;
    if (!remembers && Object.entries(wanted).every(([name, value]) => before[name] === value)) return;
    const allowed = disruptionsAllowed > 0;
    const now = timestamp(clock);
    const condition = conditionOf(allowed, allowed ? 'SufficientPods' : 'InsufficientPods', now, wanted.observedGeneration);
    // Terminating pods do not count as healthy, so earlier evictions need not be remembered.
    store.patch('PodDisruptionBudget', placeOf(key), { status: { ...wanted, disruptedPods: null, conditions: [condition] } }, 'status');
  }
}

const conditionOf = (allowed: boolean, reason: string, lastTransitionTime: string, observedGeneration: number): object => ({
  type: 'DisruptionAllowed',
  status: allowed ? 'True' : 'False',
  reason,
  message: '',
  lastTransitionTime,
  observedGeneration,
});

/** With an absolute `minAvailable`, the existing pods; otherwise what their controllers ask for: a pod without one does not count. */
function expectedCount(store: WorldStore, spec: DisruptionBudgetObject['spec'], pods: readonly PodObject[]): number {
  if (spec.maxUnavailable === undefined && typeof spec.minAvailable !== 'string') return pods.length;
  const owners = new Map<string, number>();
  for (const pod of pods) {
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (owner === undefined || (owner.kind !== 'ReplicaSet' && owner.kind !== 'StatefulSet')) continue;
    owners.set(owner.uid, store.get(owner.kind, { namespace: pod.metadata.namespace ?? '', name: owner.name })?.spec.replicas ?? 1);
  }
  return [...owners.values()].reduce((sum, replicas) => sum + replicas, 0);
}
