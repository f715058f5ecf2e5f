import type { Clock, Random } from '@brupop/ports';
import type { SimulatedHost } from '../host/simulated-host.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { nodeConditions, nodeObject, nodeStatus } from './node-object.ts';
import type { NodeOptions } from './node-object.ts';
import { isReady, keyOf, placeOf, placeOfObject } from './objects.ts';
import type { Place, PodObject } from './objects.ts';
import type { PodContext, PodRunner } from './pod-runner.ts';
import { PodWorker } from './pod-worker.ts';
import type { PodWorkerShared } from './pod-worker.ts';
import type { ClusterTimings } from './timings.ts';
import type { WorldStore } from './world-store.ts';
import { microTime, timestamp } from './timestamps.ts';

/** Options of a {@link Kubelet}. */
export interface KubeletOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: WorldStore;
  readonly timings: ClusterTimings;
  readonly node: NodeOptions;
  readonly host: SimulatedHost;
  /** Addresses of the node and of its pods. */
  readonly addresses: NodeAddresses;
  readonly runner: PodRunner | undefined;
  readonly issueToken: (pod: PodObject, audience: string, expiresAfterMs: number) => string;
  readonly log: (type: string, subject: string, message: string) => void;
}

/** Addresses of a node. */
export interface NodeAddresses {
  readonly node: string;
  /** @param count the number of the pod, from 1 to 250 */
  pod(count: number): string;
}

const LEASE_NAMESPACE = 'kube-node-lease';

/** The kubelet of one node: registers it, sends its heartbeats, runs its pods. It starts and stops with its host. */
export class Kubelet {
  readonly #options: KubeletOptions;
  readonly #workers = new Map<string, PodWorker>();
  readonly #shared: PodWorkerShared;
  readonly #queue: KeyedQueue;
  #up = false;
  /** The last write of the node; what the kubelet reads may be older. */
  #saidReady = true;
  #pods = 0;
  #cancelTimer: () => void = () => undefined;
  #forgetHost: () => void = () => undefined;

  constructor(options: KubeletOptions) {
    this.#options = options;
    const { clock, store, timings, runner, log, host, addresses } = options;
    this.#shared = {
      clock,
      store,
      timings,
      runner,
      log,
      hostIP: addresses.node,
      contextOf: (pod, podIP, exited) => this.#contextOf(pod, podIP, exited),
    };
    this.#queue = new KeyedQueue(clock, timings.controllerMs, (key) => {
      this.#sync(key);
    });
    this.#forgetHost = host.onReboot((event) => {
      if (event.type === 'shutting-down') this.#shutDown();
      else if (event.type === 'down') this.#lose();
      else this.#boot();
    });
  }

  /** Registers the node, Ready immediately. */
  start(): void {
    const { store, node, host, clock, addresses } = this.#options;
    store.ensure(nodeObject(node, host, addresses.node, timestamp(clock)));
    store.ensure({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: node.name, namespace: LEASE_NAMESPACE },
      spec: { holderIdentity: node.name, leaseDurationSeconds: 40, renewTime: microTime(clock) },
    });
    this.#up = true;
    this.#resync();
    this.#scheduleHeartbeat(Math.floor(this.#options.random() * this.#options.timings.heartbeatMs));
  }

  /** Ends everything that runs on the node. */
  stop(): void {
    this.#forgetHost();
    this.#queue.stop();
    this.#lose();
  }

  /** Handles a change of a pod that is, or was, bound to this node. */
  notice(key: string): void {
    if (this.#up) this.#queue.add(key);
  }

  /** SIGKILLs the containers of a pod. */
  kill(place: Place): void {
    this.#workers.get(keyOf(place))?.kill();
  }

  #sync(key: string): void {
    if (!this.#up) return;
    const { store, node } = this.#options;
    const pod = store.get('Pod', placeOf(key));
    const worker = this.#workers.get(key);
    if (pod === undefined || pod.spec.nodeName !== node.name || (worker !== undefined && worker.uid !== pod.metadata.uid)) {
      worker?.lose();
      this.#workers.delete(key);
    }
    if (pod?.spec.nodeName !== node.name) return;
    const present = this.#workers.get(key);
    if (present !== undefined) {
      present.observe(pod);
      return;
    }
    this.#pods = (this.#pods % 250) + 1;
    this.#workers.set(key, new PodWorker(this.#shared, pod, this.#options.addresses.pod(this.#pods)));
  }

  #resync(): void {
    const { store, node } = this.#options;
    for (const pod of store.list('Pod')) if (pod.spec.nodeName === node.name) this.#queue.add(keyOf(placeOfObject(pod)));
  }

  #shutDown(): void {
    for (const worker of this.#workers.values()) worker.hostShutsDown();
  }

  #lose(): void {
    this.#up = false;
    this.#cancelTimer();
    for (const worker of this.#workers.values()) worker.lose();
    this.#workers.clear();
  }

  #boot(): void {
    const { clock, store, timings, node, host, addresses } = this.#options;
    this.#cancelTimer = clock.setTimer(timings.kubeletStartMs, () => {
      this.#up = true;
      store.patch('Node', { name: node.name }, { status: nodeStatus(host, addresses.node) }, 'status');
      this.#postReady('False', 'KubeletNotReady');
      this.#resync();
      this.#cancelTimer = clock.setTimer(timings.nodeReadyMs, () => {
        this.#beat();
      });
    });
  }

  #scheduleHeartbeat(afterMs: number): void {
    this.#cancelTimer = this.#options.clock.setTimer(afterMs, () => {
      this.#beat();
    });
  }

  #beat(): void {
    const { clock, store, timings, node } = this.#options;
    store.patch('Lease', { namespace: LEASE_NAMESPACE, name: node.name }, { spec: { renewTime: microTime(clock) } });
    const known = store.get('Node', { name: node.name });
    const isSaid = known === undefined || (this.#saidReady && isReady(known));
    if (!isSaid) this.#postReady('True', 'KubeletReady');
    this.#scheduleHeartbeat(timings.heartbeatMs);
  }

  #postReady(ready: 'True' | 'False', reason: string): void {
    const { clock, store, node, log } = this.#options;
    this.#saidReady = ready === 'True';
    const before = store.get('Node', { name: node.name })?.status?.conditions ?? [];
    const conditions = nodeConditions(ready, reason, timestamp(clock), before);
    store.patch('Node', { name: node.name }, { status: { conditions } }, 'status');
    log(ready === 'True' ? 'node-ready' : 'node-not-ready', node.name, reason);
  }

  #contextOf(pod: PodObject, podIP: string, exited: (code: number) => void): PodContext {
    const { node, host, issueToken } = this.#options;
    return {
      nodeName: node.name,
      host,
      podIP,
      exited,
      issueToken: (audience, expiresAfterMs) => issueToken(pod, audience, expiresAfterMs),
    };
  }
}
