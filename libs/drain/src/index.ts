export { askAgainMs } from './ask-again.ts';
export { classifyPod, isDaemonSetPod } from './classify.ts';
export type { ClassifyContext, PodVerdict, SkipReason } from './classify.ts';
export { describeDrain, drainStep } from './drain-step.ts';
export type { DrainResult, DrainStepOptions } from './drain-step.ts';
export type { DrainOutlook } from './outlook.ts';
export { namesOf } from './left-pods.ts';
export type { LeftPod } from './left-pods.ts';
export { listNodePods } from './node-pods.ts';
export type { ListedPods } from './node-pods.ts';
export { drainBlock } from './obstacle.ts';
export type { DrainObstacle } from './obstacle.ts';
export { createRemovals } from './removals.ts';
export type { Removals } from './removals.ts';
export { classifyEvictionError, removePod } from './evict.ts';
export type { EvictionOutcome, RemovalOptions } from './evict.ts';
export { adoptNode, cordonNode, excludeFromLoadBalancers, giveNodeBack, removeExclusion, tidyNode, uncordonNode } from './node-changes.ts';
export type { NodeChangeOptions, NodeChangeResult } from './node-changes.ts';
export {
  hasCordonTaint,
  isCordonRecorded,
  parseOwnership,
  planAdoption,
  planCordon,
  planExclusion,
  planInclusion,
  planReturn,
  planTidy,
  planUncordon,
} from './node-plans.ts';
export type { DrainNode, NodeChange, NodeCondition, NodePatch, NodeTaint, Ownership, Tidying } from './node-plans.ts';
export { decideMode, planDrain } from './plan.ts';
export type { DrainMode, DrainObservation, DrainPlan, DrainPolicy, DrainTimeoutAction } from './plan.ts';
export { podKey } from './pod.ts';
export type { Claim, DrainPod, PodSelector, PodToleration, PodVolume } from './pod.ts';
export { awaitDetached, describeVolumes } from './volumes.ts';
export type { DetachOptions } from './volumes.ts';
export { surveyPods } from './survey.ts';
export type { PodSurvey } from './survey.ts';
