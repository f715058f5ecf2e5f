import type { ControllerContext, WorkloadController } from './controller-context.ts';
import { DaemonSetController } from './daemon-set-controller.ts';
import { DeploymentController } from './deployment-controller.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { keyOf, placeOf, placeOfObject } from './objects.ts';
import type { PodObject, WorkloadObject } from './objects.ts';
import { ReplicaSetController } from './replica-set-controller.ts';
import { StatefulSetController } from './stateful-set-controller.ts';

type WorkloadKind = 'Deployment' | 'ReplicaSet' | 'StatefulSet' | 'DaemonSet';

/** Runs the controllers of apps/v1. */
export class WorkloadControllers {
  readonly #queues: KeyedQueue[] = [];

  constructor(context: ControllerContext) {
    this.#run(context, 'Deployment', new DeploymentController(context));
    this.#run(context, 'ReplicaSet', new ReplicaSetController(context));
    this.#run(context, 'StatefulSet', new StatefulSetController(context));
    const daemonSets = this.#run(context, 'DaemonSet', new DaemonSetController(context));
    context.store.observe('Node', ({ before, after }) => {
      if (JSON.stringify([before?.metadata.labels, before?.spec]) === JSON.stringify([after?.metadata.labels, after?.spec])) return;
      for (const daemonSet of context.store.list('DaemonSet')) daemonSets.add(keyOf(placeOfObject(daemonSet)));
    });
  }

  stop(): void {
    for (const queue of this.#queues) queue.stop();
  }

  #run({ clock, store, timings }: ControllerContext, kind: WorkloadKind, controller: WorkloadController): KeyedQueue {
    const queue = new KeyedQueue(clock, timings.controllerMs, (key) => {
      const workload = store.get(kind, placeOf(key));
      if (workload !== undefined && workload.metadata.deletionTimestamp === undefined) controller.reconcile(workload);
    });
    this.#queues.push(queue);
    store.observe(kind, ({ before, after }) => {
      const object = after ?? before;
      queue.add(keyOf(placeOfObject(object)));
      if (kind === 'ReplicaSet') enqueueOwner(object, 'Deployment', this.#queues[0]);
    });
    store.observe('Pod', ({ before, after }) => {
      enqueueOwner(after ?? before, kind, queue);
    });
    return queue;
  }
}

function enqueueOwner({ metadata }: PodObject | WorkloadObject, kind: WorkloadKind, queue: KeyedQueue | undefined): void {
  const owner = metadata.ownerReferences?.find((reference) => reference.controller === true && reference.kind === kind);
  if (owner !== undefined) queue?.add(`${metadata.namespace ?? ''}/${owner.name}`);
}
