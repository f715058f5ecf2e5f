import type { DrainPlan } from './plan.ts';
import { controllerOf, podKey, selects, type PodSelector } from './pod.ts';

/** A pod that a drain leaves on the node because it would come back after an eviction. */
export interface LeftPod {
  /** `namespace/name`. */
  readonly pod: string;
  /** What made it, such as `ReplicaSet shop/web-7d4`; absent for a pod without a controller. */
  readonly controller?: string;
}

/** The optional field `left`: pods that came to the node after its cordon. */
export function leftPods(skip: DrainPlan['skip'], last: PodSelector | undefined): { readonly left?: readonly LeftPod[] } {
  const left = skip.flatMap(({ pod, reason }): LeftPod[] => {
    // Pods of `last` that have no other node to run on come back as expected.
    if (reason !== 'cameBack' || selects(last, pod)) return [];
    const controller = controllerOf(pod);
    return [{ pod: podKey(pod), ...(controller === undefined ? {} : { controller }) }];
  });
  return left.length === 0 ? {} : { left };
}

const MAX_NAMED = 5;

/** The end of a sentence that names the pods that are left; empty if there are none. */
export function describeLeft(left: readonly LeftPod[] | undefined): string {
  return left === undefined ? '' : `; left on the node, because they came back despite the cordon: ${namesOf(left)}`;
}

/** The names of the first pods, with their controllers, and the number of the others. */
export function namesOf(left: readonly LeftPod[]): string {
  const names = left.slice(0, MAX_NAMED).map(({ pod, controller }) => (controller === undefined ? pod : `${pod} (${controller})`));
  const more = left.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`;
}
