import type { PodObject } from './objects.ts';

/** What a kubelet knows about a pod's containers. */
export interface ContainerFacts {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly ready: boolean;
  readonly restartCount: number;
  /** RFC 3339; when the containers were started last. */
  readonly startedAt: string | undefined;
  /** Exit code of the last run. */
  readonly exitCode: number | undefined;
  readonly podIP: string;
  readonly hostIP: string;
}

/** The status that a kubelet writes for a pod. `now` is RFC 3339. */
export function podStatus(pod: PodObject, facts: ContainerFacts, now: string): object {
  const condition = (type: string, holds: boolean, reason?: string): object => {
    const status = holds ? 'True' : 'False';
    const before = pod.status?.conditions?.find((known) => known.type === type);
    const lastTransitionTime = before?.status === status ? (before.lastTransitionTime ?? now) : now;
    return { type, status, lastTransitionTime, ...(reason === undefined ? {} : { reason }) };
  };
  const notReady = facts.ready ? undefined : facts.phase === 'Succeeded' ? 'PodCompleted' : 'ContainersNotReady';
  return {
    phase: facts.phase,
    hostIP: facts.hostIP,
    podIP: facts.podIP,
    podIPs: [{ ip: facts.podIP }],
    startTime: pod.status?.startTime ?? now,
    // Set when the pod is created; it never changes.
    qosClass: pod.status?.qosClass ?? 'Burstable',
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', true),
      condition('ContainersReady', facts.ready, notReady),
      condition('Ready', facts.ready, notReady),
    ],
    containerStatuses: pod.spec.containers.map(({ name, image = '' }) => ({
      name,
      image,
      imageID: image,
      ready: facts.ready,
      started: facts.startedAt !== undefined && facts.phase === 'Running',
      restartCount: facts.restartCount,
      state: containerState(facts, now),
      lastState: {},
    })),
  };
}

function containerState({ phase, startedAt, exitCode = 0 }: ContainerFacts, now: string): object {
  if (phase === 'Succeeded' || phase === 'Failed')
    return { terminated: { exitCode, reason: phase === 'Succeeded' ? 'Completed' : 'Error', finishedAt: now } };
  if (startedAt !== undefined) return { running: { startedAt } };
  return { waiting: { reason: exitCode === 0 ? 'ContainerCreating' : 'CrashLoopBackOff' } };
}
