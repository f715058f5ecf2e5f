import { matchesLabelSelector } from './selectors.ts';
import { isRecord, valueAt } from '../types.ts';
import type { KubeObject } from '../types.ts';

/** Healthy pods under a PodDisruptionBudget. */
export interface Budget {
  readonly currentHealthy: number;
  readonly desiredHealthy: number;
  readonly expectedPods: number;
  readonly disruptionsAllowed: number;
}

/** Whether the pod's Ready condition is true. */
export function isPodReady(pod: KubeObject): boolean {
  const conditions = valueAt(pod, 'status.conditions');
  return (
    Array.isArray(conditions) &&
    conditions.some((condition: unknown) => isRecord(condition) && condition['type'] === 'Ready' && condition['status'] === 'True')
  );
}

// Percentages round up, as in the disruption controller.
function scaled(value: unknown, of: number): number {
  if (typeof value === 'number') return value;
  const percent = /^(\d+)%$/.exec(String(value));
  return percent === null ? 0 : Math.ceil((Number(percent[1]) * of) / 100);
}

/**
 * The arithmetic of the disruption controller.
 * @param pods all pods of the budget's namespace
 * @param expected the number of pods that should exist; by default of those that do
 */
export function computeBudget(budget: KubeObject, pods: readonly KubeObject[], expected?: number): Budget {
  const selector = valueAt(budget, 'spec.selector');
  const selected = pods.filter((pod) => matchesLabelSelector(selector, pod.metadata.labels));
  const healthy = selected.filter((pod) => pod.metadata.deletionTimestamp === undefined && isPodReady(pod)).length;
  const expectedPods = expected ?? selected.length;
  const least = valueAt(budget, 'spec.minAvailable');
  const most = valueAt(budget, 'spec.maxUnavailable');
  const desiredHealthy = most === undefined ? scaled(least ?? 0, expectedPods) : Math.max(0, expectedPods - scaled(most, expectedPods));
  return {
    currentHealthy: healthy,
    desiredHealthy,
    expectedPods,
    disruptionsAllowed: expectedPods > 0 ? Math.max(0, healthy - desiredHealthy) : 0,
  };
}

/** The budget's own status; undefined until a controller has computed it. */
export function statedBudget(budget: KubeObject): Budget | undefined {
  const status = budget['status'];
  if (!isRecord(status) || typeof status['disruptionsAllowed'] !== 'number') return undefined;
  const number = (field: string): number => (typeof status[field] === 'number' ? status[field] : 0);
  return {
    currentHealthy: number('currentHealthy'),
    desiredHealthy: number('desiredHealthy'),
    expectedPods: number('expectedPods'),
    disruptionsAllowed: status['disruptionsAllowed'],
  };
}
