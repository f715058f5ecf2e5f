import { ignoresCordon, podIdentity, selects, type DrainPod, type PodSelector } from './pod.ts';

/** Why a drain does not evict a pod. */
export type SkipReason = 'elsewhere' | 'mirror' | 'daemonSet' | 'ours' | 'finished' | 'cameBack' | 'last';

/** What a drain does with one pod. */
export type PodVerdict =
  | { readonly action: 'evict'; readonly reason: 'running' }
  | { readonly action: 'skip'; readonly reason: SkipReason }
  | { readonly action: 'wait'; readonly reason: 'terminating' };

/** What {@link classifyPod} needs to know besides the pod. */
export interface ClassifyContext {
  readonly nodeName: string;
  /** Pods that must outlive the drain, such as the agent that asked for it. */
  readonly ours?: PodSelector;
  /** Pods to evict after all others. They may run on cordoned nodes. */
  readonly last?: PodSelector;
  /** UIDs of those of `last` that were there before the cordon; undefined if unknown. */
  readonly lastUids?: readonly string[] | undefined;
  /** UIDs of the other pods that ignore cordons and were there before the cordon; undefined if unknown. */
  readonly presentUids?: readonly string[] | undefined;
}

/** Set by the kubelet on the copy of a static pod; evicting that copy ends nothing. https://kubernetes.io/docs/reference/labels-annotations-taints/ */
const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';

type Rule = (pod: DrainPod, context: ClassifyContext) => PodVerdict | undefined;

const skip = (reason: SkipReason): PodVerdict => ({ action: 'skip', reason });

// The order matters. Mirror and DaemonSet pods come before "finished": a Failed DaemonSet pod is not to be evicted either. A pod that came
// back stays, running or not, since it would come back again. "Finished" comes before "terminating": a finished pod with a finalizer runs
// nothing and may never be deleted.
const RULES: readonly Rule[] = [
  (pod, { nodeName }) => (pod.spec?.nodeName === nodeName ? undefined : skip('elsewhere')),
  (pod) => (pod.metadata.annotations?.[MIRROR_ANNOTATION] === undefined ? undefined : skip('mirror')),
  (pod) => (isDaemonSetPod(pod) ? skip('daemonSet') : undefined),
  (pod, { ours }) => (selects(ours, pod) ? skip('ours') : undefined),
  (pod) => (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed' ? skip('finished') : undefined),
  (pod, { last, lastUids }) => (selects(last, pod) && lastUids?.includes(podIdentity(pod)) === false ? skip('cameBack') : undefined),
  (pod, context) => (hasComeBack(pod, context) ? skip('cameBack') : undefined),
  (pod) => (pod.metadata.deletionTimestamp === undefined ? undefined : { action: 'wait', reason: 'terminating' }),
];

/**
 * Pods that were on the node before the cordon are evicted once, as by `kubectl drain`. A pod that ignores cordons and has come since would
 * come again. Any other new pod was bound by a scheduler that had not seen the cordon, and is evicted.
 */
function hasComeBack(pod: DrainPod, { last, presentUids }: ClassifyContext): boolean {
  return presentUids !== undefined && !selects(last, pod) && ignoresCordon(pod) && !presentUids.includes(podIdentity(pod));
}

/** Decides what a drain does with one pod: evict it, skip it, or wait for it to terminate. */
export function classifyPod(pod: DrainPod, context: ClassifyContext): PodVerdict {
  for (const rule of RULES) {
    const verdict = rule(pod, context);
    if (verdict !== undefined) return verdict;
  }
  return { action: 'evict', reason: 'running' };
}

/**
 * Whether a DaemonSet controls this pod, so that it ignores cordons and would be recreated at once.
 * The garbage collector removes the owner reference of a pod whose DaemonSet was deleted without it; such a pod is treated as any other.
 */
export function isDaemonSetPod(pod: Pick<DrainPod, 'metadata'>): boolean {
  return pod.metadata.ownerReferences?.some(({ kind, controller }) => kind === 'DaemonSet' && controller === true) ?? false;
}
