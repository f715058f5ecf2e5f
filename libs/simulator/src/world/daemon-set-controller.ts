import { freePodName } from './free-pod-name.ts';
import { conditionOf, isActive, isFinished, isReady, placeOfObject } from './objects.ts';
import type { NodeObject, PodObject, PodSpec, WorkloadObject } from './objects.ts';
import { DAEMON_TOLERATIONS, podFromTemplate, templateHash } from './pod-template.ts';
import { fits } from './scheduler.ts';
import type { ControllerContext, WorkloadController } from './controller-context.ts';
import { writeStatus } from './workload-status.ts';

const REVISION_LABEL = 'controller-revision-hash';

/** Runs one pod on each fitting node. Replaces outdated pods: unavailable ones immediately, the others within `maxUnavailable`. */
export class DaemonSetController implements WorkloadController {
  readonly #context: ControllerContext;
  /** By uid of the set: cancels the wait for a pod that is not available yet. */
  readonly #waits = new Map<string, () => void>();

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
    const available = current.filter((pod) => this.#isAvailable(set, pod));
    const mayGo = Math.max(0, mostUnavailable(set, nodes.length) - (nodes.length - available.length));
    const useless = outdated.filter((pod) => !available.includes(pod));
    const useful = outdated.filter((pod) => available.includes(pod)).slice(0, mayGo);
    for (const pod of [...useless, ...useful]) store.delete('Pod', placeOfObject(pod));
    writeStatus(store, set, {
      desiredNumberScheduled: nodes.length,
      currentNumberScheduled: current.length,
      updatedNumberScheduled: current.length - outdated.length,
      numberReady: ready,
      numberAvailable: available.length,
      numberUnavailable: nodes.length - available.length,
      numberMisscheduled: 0,
    });
  }

  /** Whether a pod has been Ready for `minReadySeconds`; if not yet, the set is reconciled again at that time. */
  #isAvailable(set: WorkloadObject, pod: PodObject): boolean {
    if (!isReady(pod)) return false;
    const readyAt = Date.parse(conditionOf(pod, 'Ready')?.lastTransitionTime ?? '');
    const leftMs = readyAt + (set.spec.minReadySeconds ?? 0) * 1_000 - this.#context.clock.now();
    if (!(leftMs > 0)) return true;
    const uid = set.metadata.uid ?? '';
    this.#waits.get(uid)?.();
    const cancel = this.#context.clock.setTimer(leftMs, () => {
      const now = this.#context.store.get('DaemonSet', placeOfObject(set));
      if (now !== undefined && now.metadata.deletionTimestamp === undefined) this.reconcile(now);
    });
    this.#waits.set(uid, cancel);
    return false;
  }

  #create(set: WorkloadObject, spec: PodSpec, node: NodeObject, revision: string): void {
    const { store, random } = this.#context;
    const labels = { [REVISION_LABEL]: revision };
    // Bound by the controller itself: the scheduler would choose the same node.
    const bound = { ...spec, nodeName: node.metadata.name };
    const namespace = set.metadata.namespace ?? '';
    const name = freePodName(set.metadata.name, random, (taken) => store.get('Pod', { namespace, name: taken }) !== undefined);
    store.create(podFromTemplate(set, set.spec.template, name, { labels, spec: bound }));
  }
}

function mostUnavailable({ spec }: WorkloadObject, nodes: number): number {
  const limit = spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1;
  return typeof limit === 'number' ? limit : Math.ceil((nodes * Number.parseInt(limit, 10)) / 100);
}
