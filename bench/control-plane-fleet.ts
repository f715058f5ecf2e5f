import { AGENT_DAEMON_SET, CONTROLLER_COMPONENT, CONTROLLER_DEPLOYMENT, DEFAULT_NAMESPACE } from '@brupop/crd-models';
import { HollowCluster } from '@brupop/e2e';
import type { HollowClusterOptions } from '@brupop/e2e';
import { sleep, systemClock } from '@brupop/ports';
import { componentOf } from './operator-requests.ts';
import type { OperatorRequest } from './operator-requests.ts';
import { pinnedWorkload } from './pinned-workload.ts';
import type { RolloutSize } from './rollout-rows.ts';
import { watchSlots } from './slot-times.ts';
import type { SlotTimes } from './slot-times.ts';

/** What the operator has asked of the Kubernetes API in some time. */
export interface Counted {
  readonly requests: readonly OperatorRequest[];
  readonly ms: number;
  /** Watches that are open at its end. */
  readonly openWatches: readonly OperatorRequest[];
}

/** What a fleet is made from. */
export type FleetOptions = Omit<HollowClusterOptions, 'version'> & { readonly podsPerNode: number; readonly checkIntervalS: number };

const FIRST_MINOR = 26;
const START_MS = 300_000;
/** Of a node's update at the longest. */
const NODE_MS = 60_000;
/** For what is told after an update. */
const TRAIL_MS = 3_000;

/** Nodes on a real control plane, with an operator that updates them again and again. */
export class ControlPlaneFleet {
  readonly #cluster: HollowCluster;
  readonly #signal: AbortSignal;
  #checkIntervalS: number;
  #minor = FIRST_MINOR;

  private constructor(cluster: HollowCluster, { signal, checkIntervalS }: FleetOptions) {
    this.#cluster = cluster;
    this.#signal = signal;
    this.#checkIntervalS = checkIntervalS;
  }

  /** Starts it; resolves when every agent has reported, and each node has pods that go nowhere else. */
  static async start(options: FleetOptions): Promise<ControlPlaneFleet> {
    const cluster = await HollowCluster.start({ ...options, version: versionOf(FIRST_MINOR) });
    try {
      await cluster.install({ agent: { UPDATE_CHECK_INTERVAL_IN_SEC: String(options.checkIntervalS) } }, START_MS);
      await cluster.kubectl.apply(cluster.names.map((name) => pinnedWorkload(name, options.podsPerNode)));
      await cluster.kubectl.run(
        ['wait', '--for=condition=Available', `--timeout=${String(START_MS / 1_000)}s`, 'deployments', '--all'],
        undefined,
        START_MS,
      );
      return new ControlPlaneFleet(cluster, options);
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  get nodes(): number {
    return this.#cluster.names.length;
  }

  /** Lets time pass. */
  async rest(ms: number): Promise<Counted> {
    const fromMs = Date.now();
    await sleep(systemClock, ms, this.#signal);
    return this.#countedSince(fromMs);
  }

  /** Offers a new version to a fleet at rest, until all nodes run it. */
  async update(): Promise<Counted> {
    const fromMs = Date.now();
    const version = this.#publish();
    await this.#untilDone(version);
    await sleep(systemClock, TRAIL_MS, this.#signal);
    return this.#countedSince(fromMs);
  }

  /** Rolls a new version out that every agent has noticed, by a controller that starts with so many slots. */
  async rollOut(slots: RolloutSize['slots']): Promise<SlotTimes> {
    const cluster = this.#cluster;
    await this.#kubectl('scale', '--replicas=0', `deployment/${CONTROLLER_DEPLOYMENT}`);
    await cluster.until('the controller has ended', () => cluster.podsOf(CONTROLLER_COMPONENT).length === 0, START_MS);
    const version = this.#publish();
    const hasNoticed = (name: string): boolean => cluster.shadow(name)?.status?.target_version === version;
    await cluster.until('every agent has noticed', () => cluster.names.every(hasNoticed), START_MS);
    const limit = slots === 'unlimited' ? Infinity : slots;
    let stop = (): void => undefined;
    const source: Parameters<typeof watchSlots>[0] = {
      onShadow: (listener) => {
        stop = cluster.onShadow(listener);
      },
    };
    const times = watchSlots(source, systemClock, this.nodes, limit);
    try {
      await this.#kubectl('set', 'env', `deployment/${CONTROLLER_DEPLOYMENT}`, `MAX_CONCURRENT_UPDATE=${String(slots)}`);
      await this.#kubectl('scale', '--replicas=1', `deployment/${CONTROLLER_DEPLOYMENT}`);
      await this.#untilDone(version);
    } finally {
      stop();
    }
    return times();
  }

  /** Has agents look for updates so often from now on; they start anew. */
  async checkEvery(seconds: number): Promise<void> {
    if (seconds === this.#checkIntervalS) return;
    this.#checkIntervalS = seconds;
    await this.#kubectl('set', 'env', `daemonset/${AGENT_DAEMON_SET}`, `UPDATE_CHECK_INTERVAL_IN_SEC=${String(seconds)}`);
    await this.#kubectl('rollout', 'status', `--timeout=${String(START_MS / 1_000)}s`, `daemonset/${AGENT_DAEMON_SET}`);
  }

  async close(): Promise<void> {
    await this.#cluster.close();
  }

  #publish(): string {
    const version = versionOf((this.#minor += 1));
    this.#cluster.publish(version);
    return version;
  }

  async #untilDone(version: string): Promise<void> {
    const cluster = this.#cluster;
    const isDone = (): boolean => cluster.names.every((name) => cluster.isDone(name, version));
    await cluster.until(`every node runs ${version}`, isDone, START_MS + NODE_MS * this.nodes);
  }

  #kubectl(...args: string[]): Promise<string> {
    return this.#cluster.kubectl.run(['--namespace', DEFAULT_NAMESPACE, ...args], undefined, START_MS);
  }

  async #countedSince(fromMs: number): Promise<Counted> {
    const toMs = Date.now();
    const all = (await this.#cluster.requests()).flatMap(({ account, ...request }) => {
      const component = componentOf(account);
      return component === undefined ? [] : [{ ...request, component }];
    });
    return {
      requests: all.filter(({ atMs }) => atMs >= fromMs && atMs < toMs),
      ms: toMs - fromMs,
      openWatches: all.filter(({ verb, isOver }) => verb === 'watch' && !isOver),
    };
  }
}

const versionOf = (minor: number): string => `1.${String(minor)}.0`;
