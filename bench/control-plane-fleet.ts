import { AGENT_DAEMON_SET, CONTROLLER_COMPONENT, CONTROLLER_DEPLOYMENT, DEFAULT_NAMESPACE } from '@brupop/crd-models';
import type { HollowCluster, HollowClusterOptions } from '@brupop/e2e';
import { sleep, systemClock } from '@brupop/ports';
import { componentOf } from './operator-requests.ts';
import type { OperatorRequest } from './operator-requests.ts';
import type { LegacyBinaries } from './legacy-binaries.ts';
import { startOperatorOn } from './operator-on-control-plane.ts';
import type { InstalledOperator } from './operator-on-control-plane.ts';
import { pinnedWorkload } from './pinned-workload.ts';
import type { RolloutSize } from './rollout-rows.ts';
import { watchSlots } from './slot-times.ts';
import type { ShadowSource, SlotTimes } from './slot-times.ts';

/** The operator's use of the Kubernetes API in a period. */
export interface Counted {
  readonly requests: readonly OperatorRequest[];
  readonly ms: number;
  /** Open watches at its end. */
  readonly openWatches: readonly OperatorRequest[];
}

/** Options of a fleet. */
export interface FleetOptions extends Omit<HollowClusterOptions, 'version' | 'wrap' | 'servesOnPodIps'> {
  readonly podsPerNode: number;
  /** How often agents check for updates; not configurable in Brupop 1.x. */
  readonly checkIntervalS: number;
  /** Undefined: our bundles. */
  readonly legacy?: LegacyBinaries | undefined;
}

const FIRST_MINOR = 26;
const START_MS = 300_000;
/** Maximum duration of a node's update. */
const NODE_MS = 180_000;
/** Time for the last requests after an update. */
const TRAIL_MS = 3_000;

/** Nodes on a real control plane, with an operator that updates them repeatedly. */
export class ControlPlaneFleet {
  readonly #operator: InstalledOperator;
  readonly #cluster: HollowCluster;
  readonly #signal: AbortSignal;
  #checkIntervalS: number;
  #minor = FIRST_MINOR;

  private constructor(operator: InstalledOperator, { signal, checkIntervalS }: FleetOptions) {
    this.#operator = operator;
    this.#cluster = operator.cluster;
    this.#signal = signal;
    this.#checkIntervalS = checkIntervalS;
  }

  /** Starts it; resolves when every agent has reported, and each node has pods that run on no other node. */
  static async start(options: FleetOptions): Promise<ControlPlaneFleet> {
    const operator = await startOperatorOn({ ...options, version: versionOf(FIRST_MINOR) }, START_MS);
    const { cluster } = operator;
    try {
      await cluster.kubectl.apply(cluster.names.map((name) => pinnedWorkload(name, options.podsPerNode)));
      await cluster.kubectl.run(
        ['wait', '--for=condition=Available', `--timeout=${String(START_MS / 1_000)}s`, 'deployments', '--all'],
        undefined,
        START_MS,
      );
      return new ControlPlaneFleet(operator, options);
    } catch (error) {
      await operator.close();
      throw error;
    }
  }

  get nodes(): number {
    return this.#cluster.names.length;
  }

  /** Waits. */
  async rest(ms: number): Promise<Counted> {
    const fromMs = Date.now();
    await sleep(systemClock, ms, this.#signal);
    return this.#countedSince(fromMs);
  }

  /** Offers a new version to an idle fleet, and waits until all nodes run it, one at a time. */
  async update(): Promise<Counted & { readonly times: SlotTimes }> {
    const fromMs = Date.now();
    const times = await this.#timed(1, () => this.#untilDone(this.#publish()));
    await sleep(systemClock, TRAIL_MS, this.#signal);
    return { ...(await this.#countedSince(fromMs)), times };
  }

  /** Rolls out a new version that every agent has noticed, with a controller that starts with this number of slots. */
  async rollOut(slots: RolloutSize['slots']): Promise<SlotTimes> {
    const cluster = this.#cluster;
    await this.#kubectl('scale', '--replicas=0', `deployment/${CONTROLLER_DEPLOYMENT}`);
    await cluster.until('the controller has ended', () => cluster.podsOf(CONTROLLER_COMPONENT).length === 0, START_MS);
    const version = this.#publish();
    const hasNoticed = (name: string): boolean => cluster.shadow(name)?.status?.target_version === version;
    await cluster.until('every agent has noticed', () => cluster.names.every(hasNoticed), START_MS);
    return this.#timed(slots === 'unlimited' ? Infinity : slots, async () => {
      await this.#kubectl('set', 'env', `deployment/${CONTROLLER_DEPLOYMENT}`, `MAX_CONCURRENT_UPDATE=${String(slots)}`);
      await this.#kubectl('scale', '--replicas=1', `deployment/${CONTROLLER_DEPLOYMENT}`);
      await this.#untilDone(version);
    });
  }

  /** Restarts the agents with another interval of checks for updates. */
  async checkEvery(seconds: number): Promise<void> {
    if (seconds === this.#checkIntervalS) return;
    this.#checkIntervalS = seconds;
    await this.#kubectl('set', 'env', `daemonset/${AGENT_DAEMON_SET}`, `UPDATE_CHECK_INTERVAL_IN_SEC=${String(seconds)}`);
    await this.#kubectl('rollout', 'status', `--timeout=${String(START_MS / 1_000)}s`, `daemonset/${AGENT_DAEMON_SET}`);
  }

  async close(): Promise<void> {
    await this.#operator.close();
  }

  async #timed(slots: number, work: () => Promise<void>): Promise<SlotTimes> {
    let stop = (): void => undefined;
    const source: ShadowSource = {
      onShadow: (listener) => {
        stop = this.#cluster.onShadow(listener);
      },
    };
    const times = watchSlots(source, systemClock, this.nodes, slots);
    try {
      await work();
    } finally {
      stop();
    }
    return times();
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
