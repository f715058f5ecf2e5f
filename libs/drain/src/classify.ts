import { ignoresCordon, podIdentity, selects, type DrainPod, type PodSelector } from './pod.ts';

/** Why a drain leaves a pod alone. */
export type SkipReason = 'elsewhere' | 'mirror' | 'daemonSet' | 'ours' | 'finished' | 'cameBack' | 'last';

/** What a drain does about one pod. */
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
  /** UIDs of those of `last` that were there before the cordon; undefined if nobody knows. */
  readonly lastUids?: readonly string[] | undefined;
  /** UIDs of the other pods that ignore cordons and were there before ours; undefined if nobody knows. */
  readonly presentUids?: readonly string[] | undefined;
}

/** Set by the kubelet on the copy of a static pod; evicting that copy ends nothing. https://kubernetes.io/docs/reference/labels-annotations-taints/ */
const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';

type Rule = (pod: DrainPod, context: ClassifyContext) => PodVerdict | undefined;

const skip = (reason: SkipReason): PodVerdict => ({ action: 'skip', reason });

// The order matters. What the node itself brings back (mirror, DaemonSet) comes before "finished": a Failed DaemonSet pod is still not
// ours to evict. What came back stays, running or not: evicted again, it would come again. "Finished" comes before "terminating": a finished pod that a finalizer keeps runs nothing, and might never go.
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
 * Pods that were there before the cordon are evicted once, as by `kubectl drain`. One that ignores cordons and has come since would come again. Any other that
 * shows up was bound by a scheduler that did not know of the cordon yet, and is evicted whenever it appears.
 */
function hasComeBack(pod: DrainPod, { last, presentUids }: ClassifyContext): boolean {
  return presentUids !== undefined && !selects(last, pod) && ignoresCordon(pod) && !presentUids.includes(podIdentity(pod));
}

/** Decides what a drain does about one pod: evict it, leave it, or wait for it to go. */
export function classifyPod(pod: DrainPod, context: ClassifyContext): PodVerdict {
  for (const rule of RULES) {
    const verdict = rule(pod, context);
    if (verdict !== undefined) return verdict;
  }
  return { action: 'evict', reason: 'running' };
}

/**
 * Whether a DaemonSet controls this pod, so that it ignores cordons and would be back at once.
 * A pod that its deleted DaemonSet left behind has lost that owner reference to the garbage collector, and counts as any other pod.
 */
export function isDaemonSetPod(pod: Pick<DrainPod, 'metadata'>): boolean {
  return pod.metadata.ownerReferences?.some(({ kind, controller }) => kind === 'DaemonSet' && controller === true) ?? false;
}
