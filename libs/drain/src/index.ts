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
export type { DrainBlock, DrainObstacle } from './obstacle.ts';
export { createRemovals } from './removals.ts';
export type { Removals } from './removals.ts';
export { classifyEvictionError, removePod } from './evict.ts';
export type { EvictionOutcome, RemovalOptions } from './evict.ts';
export { adoptNode, cordonNode, excludeFromLoadBalancers, removeExclusion, restoreNode, tidyNode, uncordonNode } from './node-changes.ts';
export type { NodeChangeOptions, NodeChangeResult } from './node-changes.ts';
export {
  isCordonRecorded,
  planAdoption,
  planCordon,
  planExclusion,
  planInclusion,
  planRestore,
  planTidy,
  planUncordon,
} from './node-plans.ts';
export type { NodeChange, NodePatch, SeenPods, Tidying } from './node-plans.ts';
export { parseOwnership } from './ownership.ts';
export type { Ownership, OwnershipNames, RecordedOwnership } from './ownership.ts';
export { decideMode, planDrain } from './plan.ts';
export type { DrainMode, DrainObservation, DrainPlan, DrainPolicy, DrainTimeoutAction } from './plan.ts';
export { podKey } from './pod.ts';
export type { Claim, DrainPod, PodSelector } from './pod.ts';
export { awaitDetached, describeVolumes } from './volumes.ts';
export type { DetachOptions } from './volumes.ts';
export { surveyPods } from './survey.ts';
export type { PodSurvey } from './survey.ts';
