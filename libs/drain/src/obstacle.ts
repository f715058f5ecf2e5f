import { shortenText, timestampMs } from '@brupop/kube-objects';
import type { EvictionOutcome } from './evict.ts';
import { controllerOf, OVERDUE_MS, type DrainPod } from './pod.ts';

/** A pod that keeps a drain from ending, and why. */
export interface DrainObstacle {
  readonly namespace: string;
  readonly name: string;
  /**
   * `refused`: the Kubernetes API will not have it evicted, which time alone may not mend; it is tried again all the same. `pending`: its turn
   * has not come. `overdue`: it should have ended by now. `returning`: its controller puts pods back on the node as often as they are evicted.
   */
  readonly reason: 'blocked' | 'terminating' | 'retrying' | 'refused' | 'pending' | 'overdue' | 'returning';
  /** A sentence for people that names the pod. It stays the same while nothing changes. */
  readonly message: string;
}

/** Outcomes that leave the pod where it is. */
export type FailedEviction = Exclude<EvictionOutcome, { kind: 'evicted' | 'gone' }>;

/** What keeps a pod that was to be evicted. @param outcome of its last eviction, if that failed */
export function evictionObstacle(pod: DrainPod, outcome: FailedEviction | undefined, evicted: boolean): DrainObstacle {
  const where = nameOf(pod);
  if (outcome === undefined) {
    return evicted ? obstacle(pod, 'terminating', `Pod ${where} is ending`) : obstacle(pod, 'pending', `Pod ${where} is to be evicted`);
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
      return obstacle(pod, 'terminating', `Pod ${where} ends with its namespace`);
    case 'retry':
      return obstacle(pod, 'retrying', `Evicting pod ${where} fails: ${outcome.message}`);
    case 'refused':
      return obstacle(pod, 'refused', `Evicting pod ${where} is refused: ${outcome.message}`);
  }
}

/** What keeps a pod that its controller has put on the node again and again. */
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

/** What keeps a pod that is ending. @param nowMs milliseconds since the Unix epoch */
export function endingObstacle(pod: DrainPod, nowMs: number): DrainObstacle {
  const { deletionTimestamp } = pod.metadata;
  const where = nameOf(pod);
  if (deletionTimestamp === undefined) return obstacle(pod, 'terminating', `Pod ${where} is ending`);
  return nowMs - (timestampMs(deletionTimestamp) ?? nowMs) > OVERDUE_MS
    ? obstacle(pod, 'overdue', `Pod ${where} was to end by ${deletionTimestamp} and has not`)
    : obstacle(pod, 'terminating', `Pod ${where} is ending; its grace period ends at ${deletionTimestamp}`);
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

/** The worst first; those that merely end last. */
export function byRank(obstacles: readonly DrainObstacle[]): readonly DrainObstacle[] {
  return obstacles.toSorted((a, b) => RANK[a.reason] - RANK[b.reason]);
}

/**
 * Why a drain is blocked: a PodDisruptionBudget forbids an eviction; the API server refuses one, or fails at it repeatedly; a pod has not ended in time; a
 * controller recreates pods on the node.
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

/** What keeps a drain from getting anywhere, told by its worst obstacle; undefined while pods end as they should. */
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
