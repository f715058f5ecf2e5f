import { keyOf, placeOfObject } from './objects.ts';
import type { WorkloadObject } from './objects.ts';
import { ownerReference, templateHash } from './pod-template.ts';
import type { ControllerContext, WorkloadController } from './controller-context.ts';
import { writeStatus } from './workload-status.ts';

/** Keeps one ReplicaSet per template of a Deployment; a new one takes over as soon as its pods are ready. */
export class DeploymentController implements WorkloadController {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  reconcile(deployment: WorkloadObject): void {
    const { store } = this.#context;
    const replicas = deployment.spec.replicas ?? 1;
    const hash = templateHash(deployment.spec.template);
    const place = { namespace: deployment.metadata.namespace ?? '', name: `${deployment.metadata.name}-${hash}` };
    const current = store.get('ReplicaSet', place);
    const old = this.#owned(deployment).filter((replicaSet) => keyOf(placeOfObject(replicaSet)) !== keyOf(place));
    if (current === undefined) store.create(replicaSetOf(deployment, place, hash));
    else if (current.spec.replicas !== replicas) store.patch('ReplicaSet', place, { spec: { replicas } });
    const ready = count(current, 'readyReplicas');
    if (ready >= replicas) {
      for (const replicaSet of old)
        if (replicaSet.spec.replicas !== 0) store.patch('ReplicaSet', placeOfObject(replicaSet), { spec: { replicas: 0 } });
    }
    const all = [...old, ...(current === undefined ? [] : [current])];
    const sum = (field: string): number => all.reduce((total, replicaSet) => total + count(replicaSet, field), 0);
    writeStatus(store, deployment, {
      replicas: sum('replicas'),
      updatedReplicas: count(current, 'replicas'),
      readyReplicas: sum('readyReplicas'),
      availableReplicas: sum('availableReplicas'),
      unavailableReplicas: Math.max(0, replicas - sum('availableReplicas')),
    });
  }

  #owned(deployment: WorkloadObject): WorkloadObject[] {
    const isOurs = ({ metadata }: WorkloadObject): boolean =>
      metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uid === deployment.metadata.uid) === true;
    return this.#context.store.list('ReplicaSet').filter(isOurs);
  }
}

function count(replicaSet: WorkloadObject | undefined, field: string): number {
  const value = replicaSet?.status?.[field];
  return typeof value === 'number' ? value : 0;
}

function replicaSetOf(deployment: WorkloadObject, place: { readonly namespace: string; readonly name: string }, hash: string): object {
  const { selector, template, replicas = 1 } = deployment.spec;
  const labels = { ...template.metadata?.labels, 'pod-template-hash': hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { ...place, labels, ownerReferences: [ownerReference(deployment)] },
    spec: {
      replicas,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, 'pod-template-hash': hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}
