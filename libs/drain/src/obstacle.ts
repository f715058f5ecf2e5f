import { shortenText, timestampMs } from '@brupop/kube-objects';
import type { EvictionOutcome } from './evict.ts';
import { controllerOf, OVERDUE_MS, type DrainPod } from './pod.ts';

/** A pod that a drain waits for, and why. */
export interface DrainObstacle {
  readonly namespace: string;
  readonly name: string;
  /**
   * `refused`: the API server refuses the eviction for a reason that does not pass by itself; it is retried nevertheless. `pending`: not
   * yet requested. `overdue`: its grace period has passed. `returning`: its controller recreates pods on the node as often as they are
   * evicted.
   */
  readonly reason: 'blocked' | 'terminating' | 'retrying' | 'refused' | 'pending' | 'overdue' | 'returning';
  /** A sentence for people that names the pod. It stays the same while nothing changes. */
  readonly message: string;
}

/** Outcomes after which the pod still runs. */
export type FailedEviction = Exclude<EvictionOutcome, { kind: 'evicted' | 'gone' }>;

/** Why a pod that is to be evicted still runs. @param outcome of its last eviction, if that failed */
export function evictionObstacle(pod: DrainPod, outcome: FailedEviction | undefined, evicted: boolean): DrainObstacle {
  const where = nameOf(pod);
  if (outcome === undefined) {
    return evicted
      ? obstacle(pod, 'terminating', `Pod ${where} is terminating`)
      : obstacle(pod, 'pending', `Pod ${where} is to be evicted`);
  }
  switch (outcome.kind) {
    case 'blocked':
      return obstacle(
        pod,
        'blocked',
        outcome.budget === undefined
          ? `A PodDisruptionBudget allows no disruption of pod ${where}: ${outcome.message}`
          : `PodDisruptionBudget ${namespaceOf(pod)}/${outcome.budget} allows no disruption of pod ${where}`,
      );
    case 'namespaceTerminating':
      return obstacle(pod, 'terminating', `Pod ${where} terminates with its namespace`);
    case 'retry':
      return obstacle(pod, 'retrying', `The eviction of pod ${where} fails: ${outcome.message}`);
    case 'refused':
      return obstacle(pod, 'refused', `The API server refuses the eviction of pod ${where}: ${outcome.message}`);
  }
}

/** A pod that its controller recreates on the node. */
export function returningObstacle(pod: DrainPod): DrainObstacle {
  return obstacle(
    pod,
    'returning',
    `Pod ${nameOf(pod)} is to be evicted, but ${controllerOf(pod) ?? 'its controller'} keeps putting pods on the cordoned node`,
  );
}

/** A pod whose eviction the API server has yet to answer. */
export function askedObstacle(pod: DrainPod): DrainObstacle {
  return obstacle(pod, 'pending', `The API server has not answered the eviction of pod ${nameOf(pod)} yet`);
}

/** A terminating pod. @param nowMs milliseconds since the Unix epoch */
export function endingObstacle(pod: DrainPod, nowMs: number): DrainObstacle {
  const { deletionTimestamp } = pod.metadata;
  const where = nameOf(pod);
  if (deletionTimestamp === undefined) return obstacle(pod, 'terminating', `Pod ${where} is terminating`);
  return nowMs - (timestampMs(deletionTimestamp) ?? nowMs) > OVERDUE_MS
    ? obstacle(pod, 'overdue', `Pod ${where} has not terminated by the end of its grace period at ${deletionTimestamp}`)
    : obstacle(pod, 'terminating', `Pod ${where} is terminating; its grace period ends at ${deletionTimestamp}`);
}

const RANK: Readonly<Record<DrainObstacle['reason'], number>> = {
  refused: 0,
  blocked: 1,
  retrying: 2,
  overdue: 3,
  returning: 4,
  pending: 5,
  terminating: 6,
};

/** The worst first; pods that only terminate last. */
export function byRank(obstacles: readonly DrainObstacle[]): readonly DrainObstacle[] {
  return obstacles.toSorted((a, b) => RANK[a.reason] - RANK[b.reason]);
}

/**
 * Why a drain is blocked: a PodDisruptionBudget forbids an eviction; the API server refuses one, or fails at it repeatedly; a pod has not
 * ended in time; a controller recreates pods on the node.
 */
export type DrainBlock = 'DisruptionBudget' | 'EvictionRefused' | 'EvictionFailing' | 'PodNotEnding' | 'PodsComeBack';

const BLOCKS: Readonly<Record<DrainObstacle['reason'], DrainBlock | undefined>> = {
  refused: 'EvictionRefused',
  blocked: 'DisruptionBudget',
  retrying: 'EvictionFailing',
  overdue: 'PodNotEnding',
  returning: 'PodsComeBack',
  pending: undefined,
  terminating: undefined,
};

/** Why a drain is blocked, by its worst obstacle; undefined while pods terminate as expected. */
export function drainBlock(waiting: readonly DrainObstacle[]): { readonly reason: DrainBlock; readonly message: string } | undefined {
  const [worst] = waiting;
  const reason = worst && BLOCKS[worst.reason];
  return worst === undefined || reason === undefined ? undefined : { reason, message: worst.message };
}

function obstacle(pod: DrainPod, reason: DrainObstacle['reason'], message: string): DrainObstacle {
  return { namespace: namespaceOf(pod), name: pod.metadata.name, reason, message: shortenText(message) };
}

const namespaceOf = ({ metadata }: DrainPod): string => metadata.namespace ?? 'default';
const nameOf = (pod: DrainPod): string => `${namespaceOf(pod)}/${pod.metadata.name}`;
