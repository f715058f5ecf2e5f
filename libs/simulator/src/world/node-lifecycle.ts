import type { Clock } from '@brupop/ports';
import { nodeConditions } from './node-object.ts';
import { conditionOf, isReady, placeOfObject } from './objects.ts';
import type { PodIndex } from './pod-index.ts';
import type { ClusterTimings } from './timings.ts';
import type { WorldStore } from './world-store.ts';
import { timestamp } from './timestamps.ts';

/** Options of a {@link NodeLifecycle}. */
export interface NodeLifecycleOptions {
  readonly clock: Clock;
  readonly store: WorldStore;
  readonly pods: PodIndex;
  readonly timings: ClusterTimings;
  readonly log: (type: string, subject: string, message: string) => void;
}

/** Sets nodes whose kubelet is silent for too long to Unknown, and their pods to not ready. It evicts nothing. */
export class NodeLifecycle {
  readonly #options: NodeLifecycleOptions;
  readonly #heardAtMs = new Map<string, number>();
  #cancel: () => void = () => undefined;

  constructor(options: NodeLifecycleOptions) {
    this.#options = options;
    options.store.observe('Lease', ({ after }) => {
      if (after?.metadata.namespace === 'kube-node-lease') this.#heardAtMs.set(after.metadata.name, options.clock.monotonic());
    });
    options.store.observe('Node', ({ before, after }) => {
      if (after === undefined) this.#heardAtMs.delete(before.metadata.name);
    });
    this.#look();
  }

  stop(): void {
    this.#cancel();
  }

  #look(): void {
    const { clock, store, timings } = this.#options;
    const silentSinceMs = clock.monotonic() - timings.nodeGraceMs;
    for (const node of store.list('Node')) {
      const heardAtMs = this.#heardAtMs.get(node.metadata.name);
      if (heardAtMs === undefined || heardAtMs > silentSinceMs) continue;
      if (conditionOf(node, 'Ready')?.status !== 'Unknown') this.#giveUp(node.metadata.name);
      else if (heardAtMs <= silentSinceMs - timings.podEvictionMs) this.#evictPods(node.metadata.name);
    }
    this.#cancel = clock.setTimer(timings.nodeMonitorMs, () => {
      this.#look();
    });
  }

  /** The taint `node.kubernetes.io/unreachable:NoExecute`, tolerated for a time: then the pods are deleted, and replaced elsewhere. */
  #evictPods(name: string): void {
    const { store, pods } = this.#options;
    for (const pod of pods.onNode(name)) {
      const ofDaemonSet = pod.metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet') ?? false;
      if (!ofDaemonSet && pod.metadata.deletionTimestamp === undefined) store.delete('Pod', placeOfObject(pod));
    }
  }

  #giveUp(name: string): void {
    const { clock, store, pods, log } = this.#options;
    const now = timestamp(clock);
    const before = store.get('Node', { name })?.status?.conditions ?? [];
    store.patch('Node', { name }, { status: { conditions: nodeConditions('Unknown', 'NodeStatusUnknown', now, before) } }, 'status');
    log('node-unknown', name, '');
    for (const pod of pods.onNode(name)) {
      if (!isReady(pod)) continue;
      const conditions = (pod.status?.conditions ?? []).map((condition) =>
        condition.type === 'Ready' ? { ...condition, status: 'False', reason: 'NodeNotReady', lastTransitionTime: now } : condition,
      );
      store.patch('Pod', placeOfObject(pod), { status: { conditions } }, 'status');
    }
  }
}
