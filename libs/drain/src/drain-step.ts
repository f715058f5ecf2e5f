import { REQUEST_TIMEOUT_MS, type KubeClient } from '@brupop/kube-runtime';
import { BrupopError, withDeadline, type Clock, type Deadline, type Logger } from '@brupop/ports';
import { askAgainMs } from './ask-again.ts';
import { removePod, type EvictionOutcome } from './evict.ts';
import { describeLeft, leftPods, type LeftPod } from './left-pods.ts';
import { NodePods, type ListedPods } from './node-pods.ts';
import {
  askedObstacle,
  byRank,
  endingObstacle,
  evictionObstacle,
  returningObstacle,
  type DrainObstacle,
  type FailedEviction,
} from './obstacle.ts';
import { drainOutlook, type DrainOutlook } from './outlook.ts';
import { planDrain, type DrainMode, type DrainPlan, type DrainPolicy } from './plan.ts';
import { claimsOf, podIdentity, podKey, type Claim, type DrainPod, type PodSelector } from './pod.ts';
import { createRemovals, type Removals } from './removals.ts';
import { Returns } from './returns.ts';
import { describeVolumes } from './volumes.ts';

/** What every step of a drain returns. */
interface StepResult {
  readonly evicted: number;
  /** Pods that came to the node after the cordon and stay, because they would come back; absent if there are none. */
  readonly left?: readonly LeftPod[];
  /** Volumes of evicted pods that are still attached to the node, if that was checked; absent if there are none. */
  readonly attached?: readonly string[];
}

/** The result of one step of a drain. */
export type DrainResult =
  /** Nothing is left to drain, by a new list or by the watch event that removed the last pod. Later pods are not covered. */
  | (StepResult & {
      readonly kind: 'done';
      /** Claims of the pods that stay on the node; absent if they use none. */
      readonly claims?: readonly Claim[];
    })
  /** Another step is needed. `waiting` has the pods that block the drain first, those that only terminate last. */
  | (StepResult &
      DrainOutlook & {
        readonly kind: 'waiting';
        readonly waiting: readonly DrainObstacle[];
        /** How long the API server asks to wait before the next eviction of any remaining pod; 0 if at least one may be evicted now. */
        readonly askAgainMs?: number;
      })
  /** The drain timeout has passed and the policy is to give up. This step has evicted nothing since. */
  | (StepResult & { readonly kind: 'timedOut'; readonly waiting: readonly DrainObstacle[] });

/** What {@link drainStep} needs. */
export interface DrainStepOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Ends the step early, with its result so far. */
  readonly stop?: AbortSignal;
  readonly log: Logger;
  readonly nodeName: string;
  /** When the drain began, in milliseconds since the Unix epoch; the cordon records it. */
  readonly sinceMs: number;
  readonly policy: DrainPolicy;
  /** Pods that must outlive the drain. */
  readonly ours?: PodSelector;
  /** Pods to evict after all others. */
  readonly last?: PodSelector;
  /** UIDs of the `last` pods that were on the node when it was cordoned. `last` pods that came later are left on the node. */
  readonly lastUids?: readonly string[] | undefined;
  /** UIDs of the other pods that ignore cordons and were on the node when it was cordoned, likewise. */
  readonly presentUids?: readonly string[] | undefined;
  /** The pods as they were listed just before the cordon; they save a list. */
  readonly listed?: ListedPods | undefined;
  /** How long the step may take once the pods are listed, 10 s at most and by default. */
  readonly budgetMs?: number;
  /** Evictions under way at once, 10 by default. */
  readonly concurrency?: number;
  /**
   * Evictions in progress. A request that the API server has not answered when the step ends continues, and the next step with the same
   * object gets its response. Without it the next step sends the request again.
   */
  readonly removals?: Removals;
}

const LONGEST_STEP_MS = 10_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 4_000;
// An evicted pod may not be terminating yet, and a refused eviction needs a change by an administrator.
const LEAVE_ALONE_MS = 5_000;
// A controller recreates a pod within moments of the end of the old one. The result should include such a pod before the node reboots.
const SETTLE_MS = 2_000;

/**
 * Takes one bounded step of a drain: lists the pods of the node, evicts them and watches them terminate, until none is left or the time is
 * over. Any process may take the next: what is kept between steps, in `removals`, only saves requests. The node must be cordoned.
 * @throws when the pods cannot be listed (BrupopError `DRAIN_STEP_TIMEOUT` without a response in time), or when `signal` aborts. A failed
 * eviction does not throw: the result has its pod.
 */
export async function drainStep(options: DrainStepOptions): Promise<DrainResult> {
  const { client, clock, signal, budgetMs = LONGEST_STEP_MS, removals = createRemovals({ client, clock }) } = options;
  const limit = withDeadline(clock, signal, REQUEST_TIMEOUT_MS, stepTimeout);
  try {
    return await run({ ...options, removals }, limit, Math.min(budgetMs, LONGEST_STEP_MS));
  } finally {
    // Closes the watch.
    limit.dispose(new Error('the step is over'));
  }
}

function stepTimeout(): BrupopError {
  return new BrupopError('DRAIN_STEP_TIMEOUT', 'The Kubernetes API did not answer within the step', { retry: 'transient' });
}

interface Progress {
  readonly evicted: Set<string>;
  readonly outcomes: Map<string, FailedEviction>;
  /** Monotonic time before which the eviction of a pod is not requested again. */
  readonly notBeforeMs: Map<string, number>;
  readonly returns: Returns;
}

type StepOptions = DrainStepOptions & { readonly removals: Removals };

async function run(options: StepOptions, limit: Deadline, budgetMs: number): Promise<DrainResult> {
  const stepSignal = limit.signal;
  const { clock, signal, stop, removals, nodeName } = options;
  const isStopped = (): boolean => stop?.aborted === true;
  const untilStopped = stop === undefined ? signal : AbortSignal.any([signal, stop]);
  const nodePods = new NodePods({ ...options, signal: stepSignal });
  const progress: Progress = { evicted: new Set(), outcomes: new Map(), notBeforeMs: new Map(), returns: new Returns() };
  let settledMs: number | undefined;
  let isListed = false;
  let result: DrainResult | undefined;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const watched = nodePods.look();
    let pods = watched?.pods;
    // Only a recent observation shows that nothing is left. If only time has passed, the watch may have missed changes.
    if (pods === undefined || (!watched?.hasChanged && isDrained(planDrain({ ...options, pods, nowMs: clock.now() })))) {
      try {
        pods = await nodePods.list();
      } catch (error) {
        signal.throwIfAborted();
        // An earlier result of this step is still useful; without one there is nothing to return.
        if (result === undefined || !stepSignal.aborted) throw error;
        return result;
      }
    }
    // A list may take as long as the API server allows; the time of the step starts after it.
    if (!isListed) limit.extend(budgetMs);
    isListed = true;
    const plan = planDrain({ ...options, pods, nowMs: clock.now() });
    const stepResult = (): StepResult => ({ evicted: progress.evicted.size, ...leftPods(plan.skip, options.last) });
    for (const pod of progress.returns.note(plan, options)) progress.notBeforeMs.set(podIdentity(pod), clock.monotonic() + LEAVE_ALONE_MS);
    const leftMs = limit.leftMs() - FIRST_PAUSE_MS;
    if (isDrained(plan)) {
      settledMs ??= clock.monotonic() + SETTLE_MS;
      const untilMs = Math.min(settledMs - clock.monotonic(), leftMs);
      if (!progress.returns.isDue || untilMs <= 0 || isStopped()) return { kind: 'done', ...stepResult(), ...stayingClaims(plan) };
      await nodePods.change({ watchedMs: untilMs, unwatchedMs: untilMs }, untilStopped).catch(() => undefined);
      signal.throwIfAborted();
      continue;
    }
    if (plan.mode === 'giveUp') {
      await findReasons(plan.evict, options, progress, stepSignal);
      const waiting = obstaclesOf(plan, options, progress);
      removals.abandon(nodeName);
      return { kind: 'timedOut', ...stepResult(), waiting };
    }
    await evictAll(plan.evict, plan.mode, pauseMs, options, progress, stepSignal);
    signal.throwIfAborted();
    result = {
      kind: 'waiting',
      ...stepResult(),
      ...drainOutlook(plan, { ...options, nowMs: clock.now() }),
      waiting: obstaclesOf(plan, options, progress),
      askAgainMs: wantedPauseMs(plan, options),
    };
    const pauseLeftMs = limit.leftMs() - FIRST_PAUSE_MS;
    if (stepSignal.aborted || isStopped() || pauseLeftMs <= 0) return result;
    const dueMs = Math.min(...plan.evict.map((pod) => dueAt(pod, plan.mode, options, progress))) - clock.monotonic();
    const watchedMs = Math.min(pauseLeftMs, LONGEST_PAUSE_MS, Math.max(dueMs, 0));
    const pauses = { watchedMs, unwatchedMs: Math.min(pauseLeftMs, pauseMs) };
    await nodePods.change(pauses, untilStopped).catch(() => undefined);
    signal.throwIfAborted();
    if (isStopped()) return result;
  }
}

/** The optional field `claims`. */
function stayingClaims({ skip }: DrainPlan): { readonly claims?: readonly Claim[] } {
  const claims = skip.flatMap(({ pod, reason }) => (reason === 'elsewhere' || reason === 'finished' ? [] : claimsOf(pod)));
  return claims.length === 0 ? {} : { claims };
}

function isDrained({ evict, wait }: DrainPlan): boolean {
  return evict.length === 0 && wait.length === 0;
}

// Enough to name what blocks the drain; more would only cost requests.
const MAX_DRY_RUNS = 5;

/** Finds out by a dry run why evictions are blocked: another process may have taken the earlier steps. */
async function findReasons(
  pods: readonly DrainPod[],
  { client, removals }: StepOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const ask = async (pod: DrainPod): Promise<void> => {
    const outcome = await removePod(pod, { client, signal, method: 'evict', dryRun: true });
    if (outcome.kind !== 'evicted' && outcome.kind !== 'gone') progress.outcomes.set(podIdentity(pod), outcome);
  };
  const unknown = pods.filter((pod) => removals.failure(pod) === undefined);
  await Promise.all(unknown.slice(0, MAX_DRY_RUNS).map(ask));
}

/** Starts evictions in order, `concurrency` at a time, so that a slow one delays no other. The next round retries those that fail. */
async function evictAll(
  pods: readonly DrainPod[],
  mode: DrainMode,
  pauseMs: number,
  options: StepOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log, sinceMs, nodeName, removals, concurrency = 10 } = options;
  const queue = pods.filter((pod) => dueAt(pod, mode, options, progress) <= clock.monotonic());
  const method = methodOf(mode);
  const pauseAfter = ({ kind }: EvictionOutcome): number => {
    if (kind === 'retry') return pauseMs;
    return kind === 'blocked' ? askAgainMs(clock.now() - sinceMs) : LEAVE_ALONE_MS;
  };
  const worker = async (): Promise<void> => {
    for (let pod = queue.shift(); pod !== undefined && !signal.aborted; pod = queue.shift()) {
      const identity = podIdentity(pod);
      const outcome = await removals.ask(nodeName, pod, method, signal);
      // The step is over; the next one gets the response.
      if (outcome === undefined) return;
      const fields = { pod: podKey(pod), reason: outcome.kind };
      progress.notBeforeMs.set(identity, clock.monotonic() + pauseAfter(outcome));
      if (outcome.kind === 'evicted' || outcome.kind === 'gone') {
        progress.outcomes.delete(identity);
        if (outcome.kind === 'evicted') progress.evicted.add(identity);
        log.info(method === 'delete' ? 'Deleting pod past the drain timeout' : 'Evicting pod', fields);
      } else {
        progress.outcomes.set(identity, outcome);
        if (outcome.kind === 'refused')
          log.error('Evicting pod was refused, trying again', { ...fields, status: outcome.status, detail: outcome.message });
        else log.debug('Waiting to evict pod', fields);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, queue.length) }, worker));
}

const methodOf = (mode: DrainMode): 'delete' | 'evict' => (mode === 'force' ? 'delete' : 'evict');

/** Monotonic time from which the eviction of a pod may be requested. */
function dueAt(pod: DrainPod, mode: DrainMode, { removals }: StepOptions, { notBeforeMs }: Progress): number {
  return Math.max(notBeforeMs.get(podIdentity(pod)) ?? 0, removals.notBeforeMs(pod, methodOf(mode)));
}

/** How long the API server asks to wait before the next eviction. */
function wantedPauseMs({ evict, mode }: DrainPlan, { clock, removals }: StepOptions): number {
  if (evict.length === 0) return 0;
  return Math.max(0, Math.min(...evict.map((pod) => removals.notBeforeMs(pod, methodOf(mode)))) - clock.monotonic());
}

function obstaclesOf({ evict, wait }: DrainPlan, { clock, removals }: StepOptions, progress: Progress): readonly DrainObstacle[] {
  const { outcomes, evicted } = progress;
  const toEvict = (pod: DrainPod): DrainObstacle => {
    const identity = podIdentity(pod);
    if (progress.returns.isAgain(pod)) return returningObstacle(pod);
    if (removals.isUnderWay(pod)) return askedObstacle(pod);
    return evictionObstacle(pod, outcomes.get(identity) ?? removals.failure(pod), evicted.has(identity));
  };
  return byRank([...evict.map(toEvict), ...wait.map((pod) => endingObstacle(pod, clock.now()))]);
}

/** Describes the result of a step in one sentence, such as for a condition or a log. */
export function describeDrain(result: DrainResult): string {
  const evicted = `${result.evicted} ${result.evicted === 1 ? 'pod' : 'pods'} evicted in this step`;
  if (result.kind === 'done') {
    const attached = result.attached === undefined ? '' : `; still attached: ${describeVolumes(result.attached)}`;
    return `Drained, ${evicted}${describeLeft(result.left)}${attached}`;
  }
  if (result.attached !== undefined) return `Waiting for ${describeVolumes(result.attached)} to be detached`;
  const { length } = result.waiting;
  const first = result.waiting[0] === undefined ? '' : `: ${result.waiting[0].message}`;
  return result.kind === 'timedOut'
    ? `The drain timed out${first}`
    : `Draining, ${evicted}, waiting for ${length} ${length === 1 ? 'pod' : 'pods'}${first}`;
}
