import { classifyPod, type ClassifyContext } from './classify.ts';
import { claimsOf, controllerOf, ignoresCordon, podIdentity, selects, type DrainPod } from './pod.ts';

/** The pods on a node before its cordon. */
export interface PodSurvey {
  /** UIDs of the pods that ignore cordons and are to be evicted, except those that are evicted last; recorded with the cordon. */
  readonly presentUids: readonly string[];
  /** Whether a pod that is to be evicted, or is terminating, uses a volume that may be attached to the node; recorded likewise. */
  readonly usesVolumes: boolean;
  /** Pods that are to be evicted and that no controller will replace. */
  readonly bare: readonly DrainPod[];
}

/** Examines the pods of a node before it is cordoned. */
export function surveyPods(pods: readonly DrainPod[], context: ClassifyContext): PodSurvey {
  const going = pods.filter((pod) => classifyPod(pod, context).action !== 'skip');
  return {
    presentUids: going.filter((pod) => ignoresCordon(pod) && !selects(context.last, pod)).map(podIdentity),
    usesVolumes: going.some((pod) => claimsOf(pod).length > 0),
    bare: going.filter((pod) => controllerOf(pod) === undefined && pod.metadata.deletionTimestamp === undefined),
  };
}
