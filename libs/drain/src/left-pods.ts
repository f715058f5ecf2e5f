import type { DrainPlan } from './plan.ts';
import { controllerOf, podKey, selects, type PodSelector } from './pod.ts';

/** A pod that a drain leaves on the node because it would come back after an eviction. */
export interface LeftPod {
  /** `namespace/name`. */
  readonly pod: string;
  /** What made it, such as `ReplicaSet shop/web-7d4`; absent for a pod without a controller. */
  readonly controller?: string;
}

/** The optional field `left`: pods that have come to the node since its cordon. */
export function leftPods(skip: DrainPlan['skip'], last: PodSelector | undefined): { readonly left?: readonly LeftPod[] } {
  const left = skip.flatMap(({ pod, reason }): LeftPod[] => {
    // That those of `last` come back where they have nowhere else to go is nothing to tell.
    if (reason !== 'cameBack' || selects(last, pod)) return [];
    const controller = controllerOf(pod);
    return [{ pod: podKey(pod), ...(controller === undefined ? {} : { controller }) }];
  });
  return left.length === 0 ? {} : { left };
}

const MOST_NAMED = 5;

/** The end of a sentence that names what is left; empty if nothing is. */
export function describeLeft(left: readonly LeftPod[] | undefined): string {
  return left === undefined ? '' : `; left on the node, where they came back in spite of the cordon: ${namesOf(left)}`;
}

/** The first few pods by name, with their controllers, and how many more there are. */
export function namesOf(left: readonly LeftPod[]): string {
  const names = left.slice(0, MOST_NAMED).map(({ pod, controller }) => (controller === undefined ? pod : `${pod} (${controller})`));
  const more = left.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`;
}
