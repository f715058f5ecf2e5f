import { convertReview } from '@brupop/crd-models';
import type { DrainTimeoutAction } from '@brupop/drain';
import { installObjects } from '@brupop/manifests';
import { inProcessClient, jsonResponse, memoryLogger, seededRandom, VirtualClock } from '@brupop/ports';
import { RUN_CONTAINER, SimulatedApi, SimulatedCluster, sampleWorkloads } from '@brupop/simulator';
import type { ClusterTimings, HostTimings, NodeOptions, SimulatedHost } from '@brupop/simulator';
import { DEFAULT_TIMEOUTS } from '@brupop/state-machine';
import type { AgentSettings, FleetPolicy } from '@brupop/state-machine';
import { ObservedFleet } from '../fleet/observed-fleet.ts';
import { NEW, OLD } from '../fleet/versions.ts';
import { InProcessRunner } from './in-process-runner.ts';

/** Options of a fleet on a virtual clock. */
export interface FleetOptions {
  readonly nodes?: number;
  readonly seed?: number;
  readonly policy?: Partial<FleetPolicy>;
  readonly agentSettings?: Partial<AgentSettings>;
  readonly drainTimeoutMs?: number;
  /** Policy after the timeout of a drain; `skip` by default. */
  readonly drainTimeoutAction?: DrainTimeoutAction;
  /** Agents keep their connections to the apiserver; by default each request goes to another replica. */
  readonly keptConnections?: boolean;
  /** Pods of the `web` Deployment; 0 omits every workload with a PodDisruptionBudget. */
  readonly webReplicas?: number;
  /** Changes to single nodes, by index. */
  readonly node?: (at: number) => Partial<NodeOptions>;
  readonly clusterTimings?: Partial<ClusterTimings>;
  readonly hostTimings?: Partial<HostTimings>;
  /** By name: DaemonSets in `default` for which the test decides whether the pod on a host is ready. */
  readonly daemonSets?: Readonly<Record<string, (host: SimulatedHost) => boolean>>;
  /** False installs only the resource, and leaves the rest to the test. */
  readonly installed?: boolean;
}

interface Parts {
  readonly clock: VirtualClock;
  readonly api: SimulatedApi;
  readonly cluster: SimulatedCluster;
  readonly runner: InProcessRunner;
  readonly log: ReturnType<typeof memoryLogger>;
  readonly skewMs: Map<string, number>;
}

/** A whole cluster with the operator's own code, in this process, on a clock that jumps from event to event. */
export class Fleet extends ObservedFleet {
  readonly clock: VirtualClock;
  readonly runner: InProcessRunner;
  readonly log: ReturnType<typeof memoryLogger>;
  /** By node: offset of the wall clocks of the processes there, in milliseconds. */
  readonly skewMs: Map<string, number>;

  constructor(options: FleetOptions = {}) {
    const { api, cluster, clock, runner, log, skewMs } = start(options);
    super(api, cluster);
    this.clock = clock;
    this.runner = runner;
    this.log = log;
    this.skewMs = skewMs;
  }

  override until(condition: () => boolean, limitMs: number): Promise<boolean> {
    return this.clock.advanceUntil(condition, limitMs);
  }

  override rollOut(limitMs: number = 24 * 3_600_000): Promise<boolean> {
    return super.rollOut(limitMs);
  }

  /** Installs the operator, or with a filter a part of it. */
  install(only: (kind: string) => boolean = () => true): void {
    install(this.cluster, only);
  }

  stop(): void {
    this.cluster.stop();
  }
}

function install(cluster: SimulatedCluster, only: (kind: string) => boolean): void {
  cluster.apply(installObjects({ image: 'brupop', certificates: 'provided' }).filter(({ kind }) => only(kind)));
}

function start(options: FleetOptions): Parts {
  const clock = new VirtualClock();
  const log = memoryLogger();
  const skewMs = new Map<string, number>();
  const random = seededRandom(options.seed ?? 1);
  const convert = inProcessClient((request) => Promise.resolve(jsonResponse(200, convertReview(JSON.parse(request.body ?? 'null')))));
  const api = new SimulatedApi({ clock, random, conversion: () => convert });
  const policy: FleetPolicy = {
    maxConcurrentUpdates: 1,
    window: { kind: 'always' },
    timeouts: DEFAULT_TIMEOUTS,
    soakMs: 0,
    ...options.policy,
  };
  const runner = new InProcessRunner({
    api,
    clock,
    random,
    log,
    policy,
    skewMs,
    keptConnections: options.keptConnections ?? false,
    readiness: Object.fromEntries(Object.entries(options.daemonSets ?? {}).map(([name, isReady]) => [name, ({ host }) => isReady(host)])),
    ...(options.agentSettings === undefined ? {} : { agentSettings: options.agentSettings }),
    ...(options.drainTimeoutMs === undefined ? {} : { drainTimeoutMs: options.drainTimeoutMs }),
    ...(options.drainTimeoutAction === undefined ? {} : { drainTimeoutAction: options.drainTimeoutAction }),
  });
  const count = options.nodes ?? 3;
  const cluster = new SimulatedCluster({
    api,
    clock,
    random,
    runner,
    nodes: Array.from({ length: count }, (_, at) => ({
      name: `node-${String(at + 1).padStart(String(count).length, '0')}`,
      version: OLD,
      zone: `us-west-2${String.fromCharCode(97 + (at % 3))}`,
      ...options.node?.(at),
    })),
    repository: { available: [NEW, OLD] },
    ...(options.clusterTimings === undefined ? {} : { timings: options.clusterTimings }),
    ...(options.hostTimings === undefined ? {} : { hostTimings: options.hostTimings }),
  });
  runner.attach(cluster);
  cluster.start();
  install(cluster, (kind) => options.installed !== false || kind === 'Namespace' || kind === 'CustomResourceDefinition');
  if (options.webReplicas !== 0) cluster.apply(sampleWorkloads({ webReplicas: options.webReplicas ?? count + 1 }));
  cluster.apply(Object.keys(options.daemonSets ?? {}).map(daemonSet));
  return { clock, api, cluster, runner, log, skewMs };
}

function daemonSet(name: string): object {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: RUN_CONTAINER, image: name }] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name, namespace: 'default' },
    spec: { selector: { matchLabels: labels }, template },
  };
}
