import { shadowName } from '@brupop/crd-models';
import type { BottlerocketShadow } from '@brupop/crd-models';
import { convertReview, DEFAULT_NAMESPACE } from '@brupop/crd-models';
import { installObjects } from '@brupop/manifests';
import { inProcessClient, jsonResponse, seededRandom, VirtualClock } from '@brupop/ports';
import { memoryLogger } from '@brupop/process';
import { SimulatedApi, SimulatedCluster, sampleWorkloads } from '@brupop/simulator';
import type { NodeOptions } from '@brupop/simulator';
import { DEFAULT_TIMEOUTS } from '@brupop/state-machine';
import type { AgentSettings, FleetPolicy } from '@brupop/state-machine';
import { InProcessRunner } from './in-process-runner.ts';

/** What a fleet on a virtual clock is made from. */
export interface FleetOptions {
  readonly nodes?: number;
  readonly seed?: number;
  readonly policy?: Partial<FleetPolicy>;
  readonly agentSettings?: Partial<AgentSettings>;
  readonly drainTimeoutMs?: number;
  /** Pods of the `web` Deployment; 0 leaves out every workload with a PodDisruptionBudget. */
  readonly webReplicas?: number;
  /** Changes to single nodes, by index. */
  readonly node?: (at: number) => Partial<NodeOptions>;
}

export const OLD = '1.26.1';
export const NEW = '1.27.0';

/** A whole cluster with the operator's own code, in this process, on a clock that jumps from event to event. */
export class Fleet {
  readonly clock: VirtualClock = new VirtualClock();
  readonly api: SimulatedApi;
  readonly cluster: SimulatedCluster;
  readonly runner: InProcessRunner;
  /** By node: how far the wall clocks of the processes there are ahead, in milliseconds. */
  readonly skewMs: Map<string, number> = new Map();
  readonly log: ReturnType<typeof memoryLogger> = memoryLogger();
  /** Most nodes that were unschedulable or not Ready at one time. */
  mostUnavailable = 0;

  constructor(options: FleetOptions = {}) {
    const random = seededRandom(options.seed ?? 1);
    const clock = this.clock;
    const convert = inProcessClient((request) => Promise.resolve(jsonResponse(200, convertReview(JSON.parse(request.body ?? 'null')))));
    this.api = new SimulatedApi({ clock, random, conversion: () => convert });
    const policy: FleetPolicy = {
      maxConcurrentUpdates: 1,
      window: { kind: 'always' },
      timeouts: DEFAULT_TIMEOUTS,
      soakMs: 0,
      ...options.policy,
    };
    this.runner = new InProcessRunner({
      api: this.api,
      clock,
      random,
      log: this.log,
      policy,
      skewMs: this.skewMs,
      ...(options.agentSettings === undefined ? {} : { agentSettings: options.agentSettings }),
      ...(options.drainTimeoutMs === undefined ? {} : { drainTimeoutMs: options.drainTimeoutMs }),
    });
    const count = options.nodes ?? 3;
    this.cluster = new SimulatedCluster({
      api: this.api,
      clock,
      random,
      runner: this.runner,
      nodes: Array.from({ length: count }, (_, at) => ({
        name: `node-${String(at + 1).padStart(String(count).length, '0')}`,
        version: OLD,
        zone: `us-west-2${String.fromCharCode(97 + (at % 3))}`,
        ...options.node?.(at),
      })),
      repository: { available: [NEW, OLD] },
    });
    this.runner.attach(this.cluster);
    this.cluster.start();
    this.cluster.apply(installObjects({ image: 'brupop', certificates: 'provided' }));
    if (options.webReplicas !== 0) this.cluster.apply(sampleWorkloads({ webReplicas: options.webReplicas ?? count + 1 }));
  }

  shadow(node: string): BottlerocketShadow | undefined {
    const ref = { group: 'brupop.bottlerocket.aws', resource: 'bottlerocketshadows', namespace: DEFAULT_NAMESPACE, name: shadowName(node) };
    return this.api.store.get<BottlerocketShadow>(ref);
  }

  get names(): string[] {
    return this.cluster.nodes.map(({ metadata }) => metadata.name);
  }

  /** Whether the node runs the new version, is back in service, and both sides of its shadow say Idle. */
  isDone(node: string): boolean {
    const shadow = this.shadow(node);
    const { ready, cordoned } = this.node(node);
    return (
      ready &&
      !cordoned &&
      shadow?.spec.state === 'Idle' &&
      shadow.status?.current_state === 'Idle' &&
      shadow.status.current_version === NEW
    );
  }

  node(name: string): { readonly ready: boolean; readonly cordoned: boolean } {
    const node = this.cluster.nodes.find(({ metadata }) => metadata.name === name);
    return {
      ready: node?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True',
      cordoned: node?.spec?.unschedulable === true,
    };
  }

  /** Nodes whose spec is on the way through an update. */
  get updating(): string[] {
    return this.names.filter((name) => (this.shadow(name)?.spec.state ?? 'Idle') !== 'Idle');
  }

  /** Runs until `done`, noting on the way how many nodes were unavailable. @returns whether it came to that within `limitMs` */
  async until(done: () => boolean, limitMs: number): Promise<boolean> {
    return this.clock.advanceUntil(() => {
      const unavailable = this.names.filter((name) => this.node(name).cordoned || !this.node(name).ready).length;
      // Before the kubelets have registered, every node is unavailable.
      if (this.#registered()) this.mostUnavailable = Math.max(this.mostUnavailable, unavailable);
      return done();
    }, limitMs);
  }

  /** Runs until all nodes are done. */
  rollOut(limitMs: number = 24 * 3_600_000): Promise<boolean> {
    return this.until(() => this.names.length > 0 && this.names.every((name) => this.isDone(name)), limitMs);
  }

  stop(): void {
    this.cluster.stop();
  }

  #allReady = false;
  #registered(): boolean {
    this.#allReady ||= this.names.every((name) => this.shadow(name)?.status !== undefined);
    return this.#allReady;
  }
}
