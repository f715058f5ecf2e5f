import type { Clock } from '@brupop/ports';
import { KeyedQueue } from './keyed-queue.ts';
import { isReady, keyOf, placeOf, placeOfObject } from './objects.ts';
import type { NodeObject, PodObject, PodSpec, Taint } from './objects.ts';
import type { PodIndex } from './pod-index.ts';
import { countUntolerated, matchesLabels, matchesNodeTerms, toleratesTaints } from './selectors.ts';
import type { ClusterTimings } from './timings.ts';
import type { WorldStore } from './world-store.ts';

/** A node's taints, including those that its controllers would add. */
export function effectiveTaints(node: NodeObject): Taint[] {
  const taints = [...(node.spec?.taints ?? [])];
  if (node.spec?.unschedulable === true) taints.push({ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' });
  if (!isReady(node)) taints.push({ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' });
  return taints;
}

/** Whether a pod may be bound to a node. */
export function fits(spec: PodSpec, node: NodeObject): boolean {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return (
    node.metadata.deletionTimestamp === undefined &&
    matchesLabels(spec.nodeSelector, node.metadata.labels) &&
    matchesNodeTerms(terms, node) &&
    toleratesTaints(spec.tolerations, effectiveTaints(node))
  );
}

/** The load of a node, seen from one pod. */
export interface NodeLoad {
  readonly node: NodeObject;
  /** Pods of the same owner on it. */
  readonly siblings: number;
  readonly pods: number;
}

/**
 * The fitting node with the fewest PreferNoSchedule taints, then with the fewest siblings, then with the fewest pods, then first by name.
 * In kube-scheduler, too, such a taint outweighs the spread of siblings (TaintToleration 3, PodTopologySpread 2).
 */
export function chooseNode(spec: PodSpec, loads: readonly NodeLoad[]): string | undefined {
  let best: NodeLoad | undefined;
  for (const load of loads) {
    if ((best === undefined || compareLoads(spec, load, best) < 0) && fits(spec, load.node)) best = load;
  }
  return best?.node.metadata.name;
}

function compareLoads(spec: PodSpec, a: NodeLoad, b: NodeLoad): number {
  const discouraging = ({ node }: NodeLoad): number => countUntolerated(spec.tolerations, node.spec?.taints, 'PreferNoSchedule');
  return (
    discouraging(a) - discouraging(b) ||
    a.siblings - b.siblings ||
    a.pods - b.pods ||
    (a.node.metadata.name < b.node.metadata.name ? -1 : 1)
  );
}

/** Everything about a node that decides whether a pod fits, and how well. */
function attraction(node: NodeObject): string {
  return JSON.stringify([effectiveTaints(node), node.metadata.labels]);
}

/** Options of a {@link Scheduler}. */
export interface SchedulerOptions {
  readonly clock: Clock;
  readonly store: WorldStore;
  readonly pods: PodIndex;
  readonly timings: ClusterTimings;
  readonly log: (type: string, subject: string, message: string) => void;
}

/** Binds pods that have no node. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #pending = new Set<string>();
  readonly #queue: KeyedQueue;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const { clock, timings, store } = options;
    this.#queue = new KeyedQueue(clock, timings.controllerMs, (key) => {
      this.#schedule(key);
    });
    store.observe('Pod', ({ before, after }) => {
      if (after === undefined) {
        this.#pending.delete(keyOf(placeOfObject(before)));
        return;
      }
      if (after.spec.nodeName === undefined) this.#queue.add(keyOf(placeOfObject(after)));
    });
    store.observe('Node', ({ before, after }) => {
      // Heartbeats never make a pod schedulable.
      if (after === undefined || (before !== undefined && attraction(before) === attraction(after))) return;
      for (const key of this.#pending) this.#queue.add(key);
    });
  }

  stop(): void {
    this.#queue.stop();
  }

  #schedule(key: string): void {
    const { store, log } = this.#options;
    const pod = store.get('Pod', placeOf(key));
    this.#pending.delete(key);
    if (pod?.spec.nodeName !== undefined || pod === undefined) return;
    if (pod.metadata.deletionTimestamp !== undefined) {
      store.delete('Pod', placeOf(key), { gracePeriodSeconds: 0 });
      return;
    }
    const nodeName = chooseNode(pod.spec, this.#loads(pod));
    if (nodeName === undefined) {
      this.#pending.add(key);
      return;
    }
    store.patch('Pod', placeOf(key), { spec: { nodeName } });
    log('pod-bound', key, nodeName);
  }

  #loads(pod: PodObject): NodeLoad[] {
    const { store, pods } = this.#options;
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
    return store.list('Node').map((node) => ({
      node,
      siblings: owner === undefined ? 0 : pods.countOfOwnerOnNode(owner.uid, node.metadata.name),
      pods: pods.countOnNode(node.metadata.name),
    }));
  }
}
