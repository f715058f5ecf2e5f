import { timestampMs } from '@brupop/kube-objects';
import { classifyPod, type ClassifyContext, type SkipReason } from './classify.ts';
import { controllerOf, OVERDUE_MS, podKey, selects, type DrainPod, type PodSelector } from './pod.ts';

/**
 * What follows when the drain timeout has passed.
 * `skip`: give up, so that the node can be given back. `wait`: go on as before. `force`: delete what cannot be evicted.
 */
export type DrainTimeoutAction = 'skip' | 'wait' | 'force';

/** How long a drain may take, and what then. */
export interface DrainPolicy {
  /** From the moment the node was cordoned. 0 means no limit. */
  readonly timeoutMs: number;
  readonly onTimeout: DrainTimeoutAction;
}

/** How a drain goes about the pods that are left. */
export type DrainMode = 'evict' | 'giveUp' | 'force';

/**
 * Decides how to go on, by the time that has passed.
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
   * Pods to evict after all others, such as those that carry out the drain. They cannot block it: one that has come back after its eviction is left on
   * the node, with all pods of its controller; and from `LAST_PATIENCE_MS` after the start of the drain all of them are left, if no other pods remain.
   * The reboot restarts them. (On a cluster of one node they have nowhere else to go.)
   */
  readonly last?: PodSelector;
  readonly sinceMs: number;
  readonly nowMs: number;
  readonly policy: DrainPolicy;
}

/** How long the pods that are evicted last may hold up a drain, counted from its beginning. */
export const LAST_PATIENCE_MS = 60_000;

/**
 * A pod that is ending within its grace period is waited for past the drain timeout, but not beyond so long a time from the start of the drain. The controller's
 * deadline for drain and reboot is 60 minutes by default; the rest is left for the reboot.
 */
export const LONGEST_GRACE_MS: number = 50 * 60_000;

/** What to do next about each pod of the node. The drain is done when both `evict` and `wait` are empty. */
export interface DrainPlan {
  readonly mode: DrainMode;
  /** To evict (or, in mode `force`, to delete), in this order. */
  readonly evict: readonly DrainPod[];
  /** Terminating; to be waited for. */
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
    // Force means that the reboot may end what outlived its own grace period, such as a pod that a finalizer keeps.
    else if (mode !== 'force' || !isOverdue(pod, observation.nowMs)) wait.push(pod);
  }
  // Where one has come back, the next would, too.
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

/** Whether a pod is ending within its grace period, and that soon enough to be waited for past the drain timeout. */
export function endsInTime(pod: DrainPod, { nowMs, sinceMs }: Pick<DrainObservation, 'nowMs' | 'sinceMs'>): boolean {
  const dueMs = (timestampMs(pod.metadata.deletionTimestamp) ?? NaN) + OVERDUE_MS;
  return dueMs > nowMs && dueMs <= sinceMs + LONGEST_GRACE_MS;
}

function isOverdue(pod: DrainPod, nowMs: number): boolean {
  return (timestampMs(pod.metadata.deletionTimestamp) ?? Infinity) < nowMs;
}

// As in a graceful node shutdown, what the cluster needs most goes last; the name makes the order the same each time.
function inOrder(pods: readonly DrainPod[], last: PodSelector | undefined): readonly DrainPod[] {
  const rank = (pod: DrainPod): number => (selects(last, pod) ? 1 : 0);
  const priority = (pod: DrainPod): number => pod.spec?.priority ?? 0;
  return pods.toSorted((a, b) => rank(a) - rank(b) || priority(a) - priority(b) || (podKey(a) < podKey(b) ? -1 : 1));
}
