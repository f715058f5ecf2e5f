import { classifyPod, type ClassifyContext } from './classify.ts';
import { claimsOf, controllerOf, ignoresCordon, podIdentity, selects, type DrainPod } from './pod.ts';

/** What the pods of a node tell before its cordon. */
export interface PodSurvey {
  /** UIDs of the pods that ignore cordons and are to be evicted, without those that are evicted last: to be recorded with the cordon. */
  readonly presentUids: readonly string[];
  /** Whether a pod that is to be evicted, or is ending, uses a volume that may be attached to the node: likewise. */
  readonly usesVolumes: boolean;
  /** Pods that are to be evicted and that nothing will make again. */
  readonly bare: readonly DrainPod[];
}

/** Looks at the pods of a node before it is cordoned. */
export function surveyPods(pods: readonly DrainPod[], context: ClassifyContext): PodSurvey {
  const going = pods.filter((pod) => classifyPod(pod, context).action !== 'skip');
  return {
    presentUids: going.filter((pod) => ignoresCordon(pod) && !selects(context.last, pod)).map(podIdentity),
    usesVolumes: going.some((pod) => claimsOf(pod).length > 0),
    bare: going.filter((pod) => controllerOf(pod) === undefined && pod.metadata.deletionTimestamp === undefined),
  };
}
