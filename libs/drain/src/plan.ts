import { timestampMs } from '@brupop/kube-objects';
import { classifyPod, type ClassifyContext, type SkipReason } from './classify.ts';
import { controllerOf, OVERDUE_MS, podKey, selects, type DrainPod, type PodSelector } from './pod.ts';

/**
 * What happens after the drain timeout.
 * `skip`: give up, so that the node can be restored. `wait`: continue to evict. `force`: delete the pods that cannot be evicted.
 */
export type DrainTimeoutAction = 'skip' | 'wait' | 'force';

/** The drain timeout and what happens after it. */
export interface DrainPolicy {
  /** From the moment the node was cordoned. 0 means no limit. */
  readonly timeoutMs: number;
  readonly onTimeout: DrainTimeoutAction;
}

/** What a drain does with the remaining pods. */
export type DrainMode = 'evict' | 'giveUp' | 'force';

/**
 * Decides the mode by the time that has passed.
 * @param input.sinceMs when the drain began, milliseconds since the Unix epoch
 */
export function decideMode(input: { readonly sinceMs: number; readonly nowMs: number; readonly policy: DrainPolicy }): DrainMode {
  const { sinceMs, nowMs, policy } = input;
  if (policy.timeoutMs <= 0 || nowMs - sinceMs < policy.timeoutMs) return 'evict';
  switch (policy.onTimeout) {
    case 'skip':
      return 'giveUp';
    case 'wait':
      return 'evict';
    case 'force':
      return 'force';
  }
}

/** What {@link planDrain} decides upon. */
export interface DrainObservation extends ClassifyContext {
  readonly pods: readonly DrainPod[];
  /**
   * Pods to evict after all others, such as those that perform the drain. They cannot block it: one that has come back after its eviction
   * stays on the node, with all pods of its controller; and from `LAST_PATIENCE_MS` after the start of the drain all of them stay, if no
   * other pods remain. The reboot restarts them. (In a cluster with one node they cannot run elsewhere.)
   */
  readonly last?: PodSelector;
  readonly sinceMs: number;
  readonly nowMs: number;
  readonly policy: DrainPolicy;
}

/** How long the pods that are evicted last may delay a drain, from its start. */
export const LAST_PATIENCE_MS = 60_000;

/**
 * A drain waits past its timeout for a pod that terminates within its grace period, but not longer than this from the start of the drain.
 * The controller's deadline for drain and reboot is 60 minutes by default; the rest is for the reboot.
 */
export const LONGEST_GRACE_MS: number = 50 * 60_000;

/** What to do next about each pod of the node. The drain is done when both `evict` and `wait` are empty. */
export interface DrainPlan {
  readonly mode: DrainMode;
  /** To evict (or, in mode `force`, to delete), in this order. */
  readonly evict: readonly DrainPod[];
  /** Terminating; the drain waits for them. */
  readonly wait: readonly DrainPod[];
  readonly skip: readonly { readonly pod: DrainPod; readonly reason: SkipReason }[];
}

/** Decides what to do next about each pod of a node. */
export function planDrain(observation: DrainObservation): DrainPlan {
  const mode = decideMode(observation);
  const evict: DrainPod[] = [];
  const wait: DrainPod[] = [];
  const skip: { pod: DrainPod; reason: SkipReason }[] = [];
  for (const pod of observation.pods) {
    const verdict = classifyPod(pod, observation);
    if (verdict.action === 'skip') skip.push({ pod, reason: verdict.reason });
    else if (verdict.action === 'evict') evict.push(pod);
    // In mode `force` the reboot may stop pods whose grace period has passed, such as one with a finalizer.
    else if (mode !== 'force' || !isOverdue(pod, observation.nowMs)) wait.push(pod);
  }
  // If one pod of a controller has come back, the next one would, too.
  const settled = skip.filter(({ reason }) => reason === 'cameBack').map(({ pod }) => controllerOf(pod));
  const stays = (pod: DrainPod): boolean => {
    const controller = controllerOf(pod);
    return controller !== undefined && selects(observation.last, pod) && settled.includes(controller);
  };
  skip.push(...evict.filter(stays).map((pod) => ({ pod, reason: 'last' as const })));
  const toEvict = evict.filter((pod) => !stays(pod));
  const left = [...toEvict, ...wait];
  if (observation.nowMs - observation.sinceMs >= LAST_PATIENCE_MS && left.every((pod) => selects(observation.last, pod))) {
    return { mode, evict: [], wait: [], skip: [...skip, ...left.map((pod) => ({ pod, reason: 'last' as const }))] };
  }
  const isOnlyEnding = toEvict.length === 0 && wait.length > 0 && wait.every((pod) => endsInTime(pod, observation));
  return { mode: mode === 'giveUp' && isOnlyEnding ? 'evict' : mode, evict: inOrder(toEvict, observation.last), wait, skip };
}

/** Whether a pod terminates within its grace period, and soon enough for the drain to wait past its timeout. */
export function endsInTime(pod: DrainPod, { nowMs, sinceMs }: Pick<DrainObservation, 'nowMs' | 'sinceMs'>): boolean {
  const dueMs = (timestampMs(pod.metadata.deletionTimestamp) ?? NaN) + OVERDUE_MS;
  return dueMs > nowMs && dueMs <= sinceMs + LONGEST_GRACE_MS;
}

function isOverdue(pod: DrainPod, nowMs: number): boolean {
  return (timestampMs(pod.metadata.deletionTimestamp) ?? Infinity) < nowMs;
}

// As in a graceful node shutdown, pods of higher priority go last; the name makes the order stable.
function inOrder(pods: readonly DrainPod[], last: PodSelector | undefined): readonly DrainPod[] {
  const rank = (pod: DrainPod): number => (selects(last, pod) ? 1 : 0);
  const priority = (pod: DrainPod): number => pod.spec?.priority ?? 0;
  return pods.toSorted((a, b) => rank(a) - rank(b) || priority(a) - priority(b) || (podKey(a) < podKey(b) ? -1 : 1));
}
