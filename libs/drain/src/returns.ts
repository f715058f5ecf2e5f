import type { DrainPlan } from './plan.ts';
import { controllerOf, ignoresCordon, podIdentity, selects, type DrainPod, type PodSelector } from './pod.ts';

/**
 * Pods that come back to the node during one step of a drain. The record of the cordon shows which pods have come since; this adds what
 * only a step can observe: which replacements are still expected, and which pods come back despite the cordon (by a scheduler that ignores
 * cordons, or without `managedFields`).
 */
export class Returns {
  /** Controllers of evicted pods that ignore cordons. */
  readonly #awaited = new Set<string>();
  /** Pods of the first plan. */
  #first: ReadonlySet<string> | undefined;
  /** Controllers of evicted pods that came after the first plan, and those pods. */
  readonly #late = new Map<string, string>();
  readonly #again = new Set<string>();

  /** Records a plan. @returns pods that their controller has recreated for the second time; they are evicted after a pause only */
  note({ evict, wait, skip }: DrainPlan, { last }: { readonly last?: PodSelector }): readonly DrainPod[] {
    this.#first ??= new Set(evict.map(podIdentity));
    for (const pod of [...evict, ...wait]) {
      const controller = controllerOf(pod);
      if (controller !== undefined && ignoresCordon(pod) && !selects(last, pod)) this.#awaited.add(controller);
    }
    for (const { pod, reason } of skip) if (reason === 'cameBack') this.#awaited.delete(controllerOf(pod) ?? '');
    return evict.filter((pod) => !selects(last, pod) && this.#isSecond(pod));
  }

  /** Whether the replacement of an evicted pod may appear soon. */
  get isDue(): boolean {
    return this.#awaited.size > 0 || this.#late.size > 0;
  }

  /** Whether the controller of the pod keeps recreating it on the node. */
  isAgain(pod: DrainPod): boolean {
    return this.#again.has(podIdentity(pod));
  }

  #isSecond(pod: DrainPod): boolean {
    const controller = controllerOf(pod);
    const identity = podIdentity(pod);
    if (controller === undefined || this.#first?.has(identity) === true || this.#again.has(identity)) return false;
    const before = this.#late.get(controller);
    if (before === undefined) this.#late.set(controller, identity);
    if (before === undefined || before === identity) return false;
    this.#again.add(identity);
    return true;
  }
}
