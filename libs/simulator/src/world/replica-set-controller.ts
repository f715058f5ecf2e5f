import { freePodName } from './free-pod-name.ts';
import { isActive, isReady, placeOfObject } from './objects.ts';
import type { PodObject, WorkloadObject } from './objects.ts';
import { podFromTemplate } from './pod-template.ts';
import type { ControllerContext, WorkloadController } from './controller-context.ts';
import { writeStatus } from './workload-status.ts';

/** Maintains the number of pods of a ReplicaSet: a terminating pod is replaced immediately. */
export class ReplicaSetController implements WorkloadController {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  reconcile(replicaSet: WorkloadObject): void {
    const { store, pods, random } = this.#context;
    const active = pods.ownedBy(replicaSet.metadata.uid ?? '').filter(isActive);
    const wanted = replicaSet.spec.replicas ?? 1;
    const namespace = replicaSet.metadata.namespace ?? '';
    for (let missing = wanted - active.length; missing > 0; missing--) {
      const name = freePodName(replicaSet.metadata.name, random, (taken) => store.get('Pod', { namespace, name: taken }) !== undefined);
      store.create(podFromTemplate(replicaSet, replicaSet.spec.template, name));
    }
    for (const pod of [...active].sort(leastUseful).slice(0, Math.max(0, active.length - wanted))) store.delete('Pod', placeOfObject(pod));
    const ready = active.filter(isReady).length;
    writeStatus(store, replicaSet, { replicas: active.length, readyReplicas: ready, availableReplicas: ready });
  }
}

function leastUseful(a: PodObject, b: PodObject): number {
  return Number(isReady(a)) - Number(isReady(b));
}
