import { isFinished, isReady, placeOfObject } from './objects.ts';
import type { WorkloadObject } from './objects.ts';
import { podFromTemplate, templateHash } from './pod-template.ts';
import type { ControllerContext, WorkloadController } from './controller-context.ts';
import { writeStatus } from './workload-status.ts';

const REVISION_LABEL = 'controller-revision-hash';

/** Maintains pods with stable names: a pod is recreated once the old one is gone, and in order unless the policy is Parallel. */
export class StatefulSetController implements WorkloadController {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  reconcile(set: WorkloadObject): void {
    const { store, pods } = this.#context;
    const replicas = set.spec.replicas ?? 1;
    const revision = templateHash(set.spec.template);
    const owned = new Map(pods.ownedBy(set.metadata.uid ?? '').map((pod) => [pod.metadata.name, pod]));
    const names = Array.from({ length: replicas }, (_, ordinal) => `${set.metadata.name}-${String(ordinal)}`);
    const inOrder = set.spec.podManagementPolicy !== 'Parallel';
    for (const name of names) {
      const pod = owned.get(name);
      if (pod === undefined) {
        const labels = { [REVISION_LABEL]: revision, 'statefulset.kubernetes.io/pod-name': name };
        store.create(podFromTemplate(set, set.spec.template, name, { labels }));
      } else if (isFinished(pod) && pod.metadata.deletionTimestamp === undefined) store.delete('Pod', placeOfObject(pod));
      if (inOrder && (pod === undefined || !isReady(pod) || pod.metadata.deletionTimestamp !== undefined)) break;
    }
    const extra = [...owned.values()].filter(({ metadata }) => !names.includes(metadata.name) && metadata.deletionTimestamp === undefined);
    for (const pod of extra) store.delete('Pod', placeOfObject(pod));
    const present = [...owned.values()].filter(({ metadata }) => names.includes(metadata.name));
    const outdated = present.filter(({ metadata }) => metadata.labels?.[REVISION_LABEL] !== revision);
    const ready = present.filter(isReady).length;
    if (ready === replicas) for (const pod of outdated.slice(-1)) store.delete('Pod', placeOfObject(pod));
    writeStatus(store, set, { replicas: present.length, readyReplicas: ready, availableReplicas: ready });
  }
}
