import { COMPONENT_LABEL, DEFAULT_NAMESPACE, GROUP, PLURAL, shadowName } from '@brupop/crd-models';
import type { BottlerocketShadow } from '@brupop/crd-models';
import type { NodeObject, PodObject, SimulatedApi, SimulatedCluster } from '@brupop/simulator';
import { NEW } from './versions.ts';

const SHADOWS = { group: GROUP, resource: PLURAL };
const NODES = { group: '', resource: 'nodes' };

/** A simulated fleet that a test can observe and disturb, whatever the operator runs in. */
export abstract class ObservedFleet {
  readonly api: SimulatedApi;
  readonly cluster: SimulatedCluster;
  /** Maximum number of nodes that were cordoned or not Ready at the same time, since every agent has reported. */
  mostUnavailable = 0;
  /** Maximum number of nodes that were being updated at the same time, according to their specs. */
  mostUpdating = 0;
  readonly #away = new Set<string>();
  readonly #updating = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #reported = false;

  /** @param cluster with the operator's resource defined */
  constructor(api: SimulatedApi, cluster: SimulatedCluster) {
    this.api = api;
    this.cluster = cluster;
    for (const node of cluster.nodes) this.#noteNode(node);
    api.store.watch<NodeObject>(NODES, ({ type, object }) => {
      if (type === 'DELETED') this.#away.delete(object.metadata.name);
      else this.#noteNode(object);
      this.#changed();
    });
    api.store.watch<BottlerocketShadow>(SHADOWS, ({ type, object }) => {
      const { metadata, spec, status } = object;
      mark(this.#updating, metadata.name, type !== 'DELETED' && spec.state !== 'Idle');
      this.#failures.set(metadata.name, Math.max(this.#failures.get(metadata.name) ?? 0, status?.crash_count ?? 0));
      this.#changed();
    });
    cluster.log.onEvent(() => {
      this.#changed();
    });
  }

  /** Waits for a condition. @returns whether it became true within `limitMs` of the fleet's own time */
  abstract until(condition: () => boolean, limitMs: number): Promise<boolean>;

  /** Lets time pass. */
  async rest(ms: number): Promise<void> {
    await this.until(() => false, ms);
  }

  /**
   * Acts synchronously when something happens, before its originator gets the answer.
   * @returns whether it happened within `limitMs`
   */
  async at(moment: () => boolean, act: () => void, limitMs: number): Promise<boolean> {
    let acted = false;
    const look = (): void => {
      if (acted || !moment()) return;
      acted = true;
      act();
    };
    const stop = this.onChange(look);
    try {
      look();
      return await this.until(() => acted, limitMs);
    } finally {
      stop();
    }
  }

  /** Calls `listener` after each change of a node or shadow, and each event of the cluster, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls `listener` after each write of a shadow. */
  onShadow(listener: (shadow: BottlerocketShadow) => void): void {
    this.api.store.watch<BottlerocketShadow>(SHADOWS, ({ type, object }) => {
      if (type !== 'DELETED') listener(object);
    });
  }

  get names(): string[] {
    return this.cluster.nodes.map(({ metadata }) => metadata.name);
  }

  shadow(node: string): BottlerocketShadow | undefined {
    return this.api.store.get<BottlerocketShadow>({ ...SHADOWS, namespace: DEFAULT_NAMESPACE, name: shadowName(node) });
  }

  nodeObject(name: string): NodeObject | undefined {
    return this.cluster.store.get('Node', { name });
  }

  node(name: string): { readonly ready: boolean; readonly cordoned: boolean } {
    return stateOf(this.nodeObject(name));
  }

  /** Whether every agent has reported once. */
  hasReported(): boolean {
    this.#reported ||= this.names.length > 0 && this.names.every((name) => this.shadow(name)?.status != null);
    return this.#reported;
  }

  /** Nodes whose spec is on the way through an update. */
  get updating(): string[] {
    return this.names.filter((name) => (this.shadow(name)?.spec.state ?? 'Idle') !== 'Idle');
  }

  /** Whether the node runs this version, is back in service, and both sides of its shadow say Idle. */
  isDone(node: string, version: string = NEW): boolean {
    const { spec, status } = this.shadow(node) ?? {};
    const { ready, cordoned } = this.node(node);
    return ready && !cordoned && spec?.state === 'Idle' && status?.current_state === 'Idle' && status.current_version === version;
  }

  /** Runs until all nodes are done. */
  rollOut(limitMs: number): Promise<boolean> {
    return this.until(() => this.names.length > 0 && this.names.every((name) => this.isDone(name)), limitMs);
  }

  /** How often the node, or any of them, has booted. */
  boots(node?: string): number {
    return this.cluster.events.filter(({ type, subject }) => type === 'host-booted' && (node === undefined || subject === node)).length;
  }

  /** Maximum number of consecutive failures so far: a success resets the count, but not this. */
  mostFailures(node: string): number {
    return this.#failures.get(shadowName(node)) ?? 0;
  }

  podsOf(component: string): PodObject[] {
    return this.cluster.pods(DEFAULT_NAMESPACE, { [COMPONENT_LABEL]: component });
  }

  /** Names of the pods of a component with running containers, ready or not; all of them, or those of one node. */
  running(component: string, node?: string): string[] {
    return this.podsOf(component)
      .filter(({ spec, status }) => status?.containerStatuses?.[0]?.started === true && (node === undefined || spec.nodeName === node))
      .map(({ metadata }) => metadata.name);
  }

  /** SIGKILLs pods of the operator. */
  kill(pods: readonly string[]): void {
    for (const name of pods) this.cluster.killPod({ namespace: DEFAULT_NAMESPACE, name });
  }

  /** Sets how many pods of a workload in `default` may be missing. */
  setBudget(name: string, maxUnavailable: number): void {
    this.cluster.store.patch('PodDisruptionBudget', { namespace: 'default', name }, { spec: { maxUnavailable } });
  }

  #noteNode(node: NodeObject): void {
    const { ready, cordoned } = stateOf(node);
    mark(this.#away, node.metadata.name, cordoned || !ready);
  }

  #changed(): void {
    if (this.hasReported()) {
      this.mostUnavailable = Math.max(this.mostUnavailable, this.#away.size);
      this.mostUpdating = Math.max(this.mostUpdating, this.#updating.size);
    }
    for (const listener of [...this.#listeners]) listener();
  }
}

function stateOf(node: NodeObject | undefined): { readonly ready: boolean; readonly cordoned: boolean } {
  return {
    ready: node?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True',
    cordoned: node?.spec?.unschedulable === true,
  };
}

function mark(set: Set<string>, name: string, isIn: boolean): void {
  if (isIn) set.add(name);
  else set.delete(name);
}
