import type { Clock, Random } from '@brupop/ports';
import { SimulatedHost } from '../host/simulated-host.ts';
import type { HostTimings } from '../host/simulated-host.ts';
import type { UpdateRepository } from '../host/versions.ts';
import { Kubelet } from './kubelet.ts';
import type { KubeletOptions, NodeAddresses } from './kubelet.ts';
import type { NodeOptions } from './node-object.ts';
import { keyOf, placeOfObject } from './objects.ts';
import type { Place } from './objects.ts';
import { DEFAULT_CLUSTER_TIMINGS } from './timings.ts';
import type { ClusterTimings } from './timings.ts';

/** Options of {@link SimulatedNodes}. */
export interface SimulatedNodesOptions extends Pick<KubeletOptions, 'clock' | 'random' | 'store' | 'runner' | 'issueToken' | 'log'> {
  readonly timings?: Partial<ClusterTimings>;
  readonly hostTimings?: Partial<HostTimings>;
  /** Shared by all hosts. */
  readonly repository: UpdateRepository;
  /** Addresses of the nth added node, counted from 0; by default addresses at which nothing listens. */
  readonly addressesOf?: (node: number) => NodeAddresses;
}

/**
 * Hosts and their kubelets around a Kubernetes API, simulated or real: nodes register, pods that are bound to them run, and a
 * rebooting host makes its node NotReady.
 */
export class SimulatedNodes {
  readonly #options: SimulatedNodesOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #timings: ClusterTimings;
  readonly #hosts = new Map<string, SimulatedHost>();
  readonly #kubelets = new Map<string, Kubelet>();
  #count = 0;
  #started = false;

  constructor(options: SimulatedNodesOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#timings = { ...DEFAULT_CLUSTER_TIMINGS, ...options.timings };
  }

  /** By node name. */
  get hosts(): ReadonlyMap<string, SimulatedHost> {
    return this.#hosts;
  }

  /** Adds a node; it registers immediately if the others have. */
  add(node: NodeOptions): void {
    const host = this.#makeHost(node);
    const kubelet = this.#makeKubelet(node, host);
    this.#hosts.set(node.name, host);
    this.#kubelets.set(node.name, kubelet);
    if (this.#started) kubelet.start();
  }

  /** Registers the nodes, and runs their pods from now on. */
  start(): void {
    this.#started = true;
    for (const kubelet of this.#kubelets.values()) kubelet.start();
    this.#options.store.observe('Pod', ({ before, after }) => {
      const key = keyOf(placeOfObject(after ?? before));
      for (const name of new Set([before?.spec.nodeName, after?.spec.nodeName])) {
        if (name !== undefined) this.#kubelets.get(name)?.notice(key);
      }
    });
  }

  /** Removes a node and its host for good. */
  remove(name: string): void {
    this.#kubelets.get(name)?.stop();
    this.#hosts.get(name)?.powerOff();
    this.#kubelets.delete(name);
    this.#hosts.delete(name);
  }

  /** SIGKILLs the containers of a pod on this node; its kubelet restarts them. */
  kill(node: string, pod: Place): void {
    this.#kubelets.get(node)?.kill(pod);
  }

  /** Kills all programs. */
  stop(): void {
    for (const kubelet of this.#kubelets.values()) kubelet.stop();
  }

  #makeHost(node: NodeOptions): SimulatedHost {
    const { hostTimings = {}, repository, log } = this.#options;
    const host = new SimulatedHost({
      clock: this.#clock,
      random: this.#random,
      name: node.name,
      version: node.version,
      repository,
      timings: hostTimings,
      ...(node.variant === undefined ? {} : { variant: node.variant }),
      waveOffsetMs: node.waveOffsetMs ?? 0,
      onCommand: (command) => {
        log('host-command', node.name, command);
      },
    });
    host.onReboot((event) => {
      log(`host-${event.type}`, node.name, event.type === 'booted' ? `${event.version}${event.rolledBack ? ' (rolled back)' : ''}` : '');
    });
    return host;
  }

  #makeKubelet(node: NodeOptions, host: SimulatedHost): Kubelet {
    const { store, runner, issueToken, log, addressesOf = unusedAddresses } = this.#options;
    return new Kubelet({
      clock: this.#clock,
      random: this.#random,
      store,
      timings: this.#timings,
      node,
      host,
      addresses: addressesOf(this.#count++),
      runner,
      issueToken,
      log,
    });
  }
}

function unusedAddresses(node: number): NodeAddresses {
  const [high, low] = [String(node >> 8), String(node & 255)];
  return { node: `10.${high}.${low}.10`, pod: (count) => `100.${high}.${low}.${String(count)}` };
}
