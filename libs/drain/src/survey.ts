import { classifyPod, type ClassifyContext } from './classify.ts';
import { ignoresCordon, podIdentity, selects, type DrainPod } from './pod.ts';

/** What the pods of a node tell before its cordon. */
export interface PodSurvey {
  /** UIDs of the pods that ignore cordons and are to be evicted, without those that are evicted last: to be recorded with the cordon. */
  readonly presentUids: readonly string[];
}

/** Looks at the pods of a node before it is cordoned. */
export function surveyPods(pods: readonly DrainPod[], context: ClassifyContext): PodSurvey {
  const going = pods.filter((pod) => classifyPod(pod, context).action !== 'skip');
  return { presentUids: going.filter((pod) => ignoresCordon(pod) && !selects(context.last, pod)).map(podIdentity) };
}
