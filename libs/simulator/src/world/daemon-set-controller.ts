import { freePodName } from './free-pod-name.ts';
import { isActive, isFinished, isReady, placeOfObject } from './objects.ts';
import type { NodeObject, PodObject, PodSpec, WorkloadObject } from './objects.ts';
import { DAEMON_TOLERATIONS, podFromTemplate, templateHash } from './pod-template.ts';
import { fits } from './scheduler.ts';
import type { ControllerContext, WorkloadController } from './workload-controllers.ts';
import { writeStatus } from './workload-status.ts';

const REVISION_LABEL = 'controller-revision-hash';

/** One pod on each node that fits. Outdated pods are replaced one after the other. */
export class DaemonSetController implements WorkloadController {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  reconcile(set: WorkloadObject): void {
    const { store, pods } = this.#context;
    const revision = templateHash(set.spec.template);
    const spec: PodSpec = {
      ...set.spec.template.spec,
      tolerations: [...(set.spec.template.spec.tolerations ?? []), ...DAEMON_TOLERATIONS],
    };
    const byNode = new Map<string, PodObject>();
    for (const pod of pods.ownedBy(set.metadata.uid ?? '')) byNode.set(pod.spec.nodeName ?? '', pod);
    const nodes = store.list('Node').filter((node) => fits(spec, node));
    for (const node of nodes) {
      const pod = byNode.get(node.metadata.name);
      if (pod === undefined) this.#create(set, spec, node, revision);
      else if (isFinished(pod) && pod.metadata.deletionTimestamp === undefined) store.delete('Pod', placeOfObject(pod));
    }
    const wanted = new Set(nodes.map(({ metadata }) => metadata.name));
    const active = [...byNode.values()].filter(isActive);
    for (const pod of active) if (!wanted.has(pod.spec.nodeName ?? '')) store.delete('Pod', placeOfObject(pod));
    const current = active.filter((pod) => wanted.has(pod.spec.nodeName ?? ''));
    const ready = current.filter(isReady).length;
    const outdated = current.filter(({ metadata }) => metadata.labels?.[REVISION_LABEL] !== revision);
    if (ready === nodes.length) for (const pod of outdated.slice(0, 1)) store.delete('Pod', placeOfObject(pod));
    writeStatus(store, set, {
      desiredNumberScheduled: nodes.length,
      currentNumberScheduled: current.length,
      updatedNumberScheduled: current.length - outdated.length,
      numberReady: ready,
      numberAvailable: ready,
      numberUnavailable: nodes.length - ready,
      numberMisscheduled: 0,
    });
  }

  #create(set: WorkloadObject, spec: PodSpec, node: NodeObject, revision: string): void {
    const { store, random } = this.#context;
    const labels = { [REVISION_LABEL]: revision };
    // Bound by the controller itself: the scheduler would only come to the same node.
    const bound = { ...spec, nodeName: node.metadata.name };
    const namespace = set.metadata.namespace ?? '';
    const name = freePodName(set.metadata.name, random, (taken) => store.get('Pod', { namespace, name: taken }) !== undefined);
    store.create(podFromTemplate(set, set.spec.template, name, { labels, spec: bound }));
  }
}
