import type { Clock, Random } from '@brupop/ports';
import type { BeforeRequest } from '../api/http/faults.ts';
import type { HostTimings, SimulatedHost } from '../host/simulated-host.ts';
import type { UpdateRepository } from '../host/versions.ts';
import { AttachDetachController } from './attach-detach-controller.ts';
import { DisruptionController } from './disruption-controller.ts';
import { summarizeEvictions } from './drain-statistics.ts';
import type { DrainStatistics, EvictionRecord } from './drain-statistics.ts';
import { NodeLifecycle } from './node-lifecycle.ts';
import type { NodeOptions } from './node-object.ts';
import { isActive, isReady, keyOf, placeOfObject } from './objects.ts';
import type { NodeObject, Place, PodObject } from './objects.ts';
import { PodIndex } from './pod-index.ts';
import type { PodRunner } from './pod-runner.ts';
import { Scheduler } from './scheduler.ts';
import { SimulatedNodes } from './simulated-nodes.ts';
import { DEFAULT_CLUSTER_TIMINGS } from './timings.ts';
import type { ClusterTimings } from './timings.ts';
import { WorkloadControllers } from './workload-controllers.ts';
import { WorldLog } from './world-events.ts';
import type { WorldEvent } from './world-events.ts';
import { WorldStore } from './world-store.ts';
import type { StoreAccess } from './world-store.ts';

/** The parts of the simulated Kubernetes API that the cluster needs. */
export interface ClusterApi {
  readonly store: StoreAccess;
  issueToken(request: {
    readonly serviceAccount: { readonly namespace: string; readonly name: string };
    readonly audiences: readonly string[];
    readonly pod: { readonly name: string; readonly uid: string };
    readonly node: { readonly name: string; readonly uid: string };
    readonly expiresAfterMs: number;
  }): string;
  audit(listener: (record: AuditRecord) => void): unknown;
  readonly faults: { beforeRequest: BeforeRequest | undefined };
  dropWatches(): void;
  expireWatches(): void;
}

/** One answered request to the API. */
export interface AuditRecord {
  readonly verb: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly user: string;
  readonly status: number;
}

/** Options of a {@link SimulatedCluster}. */
export interface SimulatedClusterOptions {
  readonly api: ClusterApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly nodes: readonly NodeOptions[];
  /** Runs the pods that have a container named `brupop`; without it they only pretend to run, like all others. */
  readonly runner?: PodRunner;
  readonly timings?: Partial<ClusterTimings>;
  readonly hostTimings?: Partial<HostTimings>;
  /** Shared by all hosts; by default it offers nothing but the versions that they run. */
  readonly repository?: UpdateRepository;
}

/** Hosts, kubelets, the scheduler and the controllers around a simulated Kubernetes API. */
export class SimulatedCluster {
  readonly api: ClusterApi;
  readonly clock: Clock;
  readonly store: WorldStore;
  readonly repository: UpdateRepository;
  readonly log: WorldLog;
  readonly #options: SimulatedClusterOptions;
  readonly #timings: ClusterTimings;
  readonly #nodes: SimulatedNodes;
  readonly #pods: PodIndex;
  readonly #evictions: EvictionRecord[] = [];
  readonly #controllers: { stop(): void }[] = [];
  #volumes: AttachDetachController | undefined;
  #started = false;

  constructor(options: SimulatedClusterOptions) {
    this.#options = options;
    this.api = options.api;
    this.clock = options.clock;
    this.repository = options.repository ?? { available: [...new Set(options.nodes.map(({ version }) => version))] };
    this.#timings = { ...DEFAULT_CLUSTER_TIMINGS, ...options.timings };
    this.log = new WorldLog(options.clock);
    this.store = new WorldStore(options.api.store);
    this.#pods = new PodIndex(this.store);
    this.#nodes = new SimulatedNodes({
      clock: options.clock,
      random: options.random,
      store: this.store,
      timings: this.#timings,
      repository: this.repository,
      runner: options.runner,
      log: this.log.add,
      issueToken: (pod, audience, expiresAfterMs) => this.#issueToken(pod, audience, expiresAfterMs),
      ...(options.hostTimings === undefined ? {} : { hostTimings: options.hostTimings }),
    });
    for (const node of options.nodes) this.#nodes.add(node);
    options.api.audit((record) => {
      this.#recordEviction(record);
    });
  }

  /** Registers the nodes and starts the controllers. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    for (const name of ['default', 'kube-system', 'kube-node-lease']) {
      this.store.ensure({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
    const { clock, random } = this.#options;
    const context = { clock, random, store: this.store, pods: this.#pods, timings: this.#timings, log: this.log.add };
    this.#nodes.start();
    this.#volumes = new AttachDetachController(context);
    this.#controllers.push(
      this.#volumes,
      new Scheduler(context),
      new WorkloadControllers(context),
      new DisruptionController(context),
      new NodeLifecycle(context),
    );
  }

  /** Makes detaching volumes fail, or work again. */
  keepVolumesAttached(stuck: boolean): void {
    if (this.#volumes !== undefined) this.#volumes.isStuck = stuck;
    this.log.add(stuck ? 'volumes-stuck' : 'volumes-detach', 'cluster');
  }

  /** Stops the controllers and kills all programs. */
  stop(): void {
    for (const controller of this.#controllers) controller.stop();
    this.#nodes.stop();
    this.store.stop();
  }

  /** Hosts by node name. */
  get hosts(): ReadonlyMap<string, SimulatedHost> {
    return this.#nodes.hosts;
  }

  /** The current Node objects. */
  get nodes(): NodeObject[] {
    return this.store.list('Node');
  }

  /** All events so far. */
  get events(): readonly WorldEvent[] {
    return this.log.events;
  }

  /** Eviction attempts, in order. */
  get evictions(): readonly EvictionRecord[] {
    return this.#evictions;
  }

  drainStatistics(): DrainStatistics {
    return summarizeEvictions(this.#evictions);
  }

  /** @throws Error for an unknown node */
  host(name: string): SimulatedHost {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`unknown node ${name}`);
    return host;
  }

  /** Adds a node to a running cluster. */
  addNode(node: NodeOptions): void {
    this.#nodes.add(node);
  }

  /** Removes a node for good, as an autoscaler does: the Node object and its pods are deleted, too. */
  removeNode(name: string): void {
    this.host(name);
    this.#nodes.remove(name);
    this.store.delete('Node', { name });
    for (const pod of this.#pods.onNode(name)) this.store.delete('Pod', placeOfObject(pod), { gracePeriodSeconds: 0 });
    this.log.add('node-removed', name);
  }

  /** Reboots a node in an orderly way, as an administrator would. */
  rebootNode(name: string): void {
    this.host(name).reboot();
  }

  /** Cuts the power of a node. */
  powerOff(name: string): void {
    this.host(name).powerOff();
  }

  powerOn(name: string): void {
    this.host(name).powerOn();
  }

  /** SIGKILLs the containers of a pod; its kubelet restarts them. */
  killPod(place: Place): void {
    const nodeName = this.store.get('Pod', place)?.spec.nodeName;
    if (nodeName === undefined) return;
    this.log.add('pod-killed', keyOf(place));
    this.#nodes.kill(nodeName, place);
  }

  /** Creates the objects that do not exist yet. */
  apply(objects: readonly object[]): void {
    for (const object of objects) this.store.ensure(object);
  }

  /** Pods of a namespace that have all of `labels`, by name. */
  pods(namespace: string, labels: Readonly<Record<string, string>> = {}): PodObject[] {
    return this.#pods.inNamespace(namespace, labels);
  }

  /** Names of the pods that a Service sends requests to: ready, and not terminating. */
  endpoints(namespace: string, service: string): string[] {
    const selector = this.store.get('Service', { namespace, name: service })?.spec.selector;
    if (selector === undefined) return [];
    return this.pods(namespace, selector)
      .filter((pod) => isActive(pod) && isReady(pod))
      .map(({ metadata }) => metadata.name);
  }

  #issueToken({ metadata, spec }: PodObject, audience: string, expiresAfterMs: number): string {
    const nodeName = spec.nodeName ?? '';
    return this.api.issueToken({
      serviceAccount: { namespace: metadata.namespace ?? 'default', name: spec.serviceAccountName ?? 'default' },
      audiences: [audience],
      pod: { name: metadata.name, uid: metadata.uid ?? '' },
      node: { name: nodeName, uid: this.store.get('Node', { name: nodeName })?.metadata.uid ?? '' },
      expiresAfterMs,
    });
  }

  #recordEviction({ resource, subresource, namespace = '', name = '', user, status }: AuditRecord): void {
    if (resource !== 'pods' || subresource !== 'eviction') return;
    const nodeName = this.store.get('Pod', { namespace, name })?.spec.nodeName;
    this.#evictions.push({ atMs: this.clock.monotonic(), namespace, name, nodeName, status, user });
    this.log.add('eviction', `${namespace}/${name}`, String(status));
  }
}
