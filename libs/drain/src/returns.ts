import type { DrainPlan } from './plan.ts';
import { controllerOf, ignoresCordon, podIdentity, selects, type DrainPod, type PodSelector } from './pod.ts';

/**
 * What comes back to the node in the course of one step of a drain. The record of the cordon tells which pods are left; this adds what only a step can see: whose
 * replacements are still to come, and what comes back although no cordon should let it (a scheduler that ignores cordons, or pods whose `managedFields` were removed).
 */
export class Returns {
  /** Controllers of pods that ignore cordons and have been seen to go. */
  readonly #awaited = new Set<string>();
  /** Pods that the first look showed. */
  #first: ReadonlySet<string> | undefined;
  /** Controllers of pods that were evicted though they came later, and those pods. */
  readonly #late = new Map<string, string>();
  readonly #again = new Set<string>();

  /** Takes notice of a plan. @returns pods that their controller has put back for the second time: not to be evicted at once, or it would go on without a pause */
  note({ evict, wait, skip }: DrainPlan, { last }: { readonly last?: PodSelector }): readonly DrainPod[] {
    this.#first ??= new Set(evict.map(podIdentity));
    for (const pod of [...evict, ...wait]) {
      const controller = controllerOf(pod);
      if (controller !== undefined && ignoresCordon(pod) && !selects(last, pod)) this.#awaited.add(controller);
    }
    for (const { pod, reason } of skip) if (reason === 'cameBack') this.#awaited.delete(controllerOf(pod) ?? '');
    return evict.filter((pod) => !selects(last, pod) && this.#isSecond(pod));
  }

  /** Whether the replacement of a pod that has gone may be about to appear. */
  get isDue(): boolean {
    return this.#awaited.size > 0 || this.#late.size > 0;
  }

  /** Whether the pod is there because its controller keeps putting pods on the node. */
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
