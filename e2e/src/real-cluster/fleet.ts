import { sleep, systemClock } from '@brupop/ports';
import type { BottlerocketShadow } from '@brupop/crd-models';
import { DEFAULT_NAMESPACE, shadowName, shadowsPath } from '@brupop/crd-models';
import { paths } from '@brupop/kube-runtime';
import { eventually } from './eventually.ts';
import type { KubeApi } from './kube-api.ts';
import type { RealCluster } from './cluster/real-cluster.ts';

/** A snapshot of a node. */
export interface NodeLook {
  readonly name: string;
  readonly ready: boolean;
  readonly cordoned: boolean;
  readonly bootId: string;
  /** Spec and status of its shadow; empty before there is one. */
  readonly wanted: string;
  readonly state: string;
  readonly version: string;
  readonly target: string;
  readonly crashCount: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface NodeJson {
  readonly metadata: { readonly name: string; readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> };
  readonly spec?: { readonly unschedulable?: boolean };
  readonly status?: {
    readonly nodeInfo?: { readonly bootID: string };
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

const LOOK_MS = 300;

/** All nodes of the cluster as the Kubernetes API shows them, polled continuously. */
export class Fleet {
  readonly history: { readonly atMs: number; readonly nodes: readonly NodeLook[] }[] = [];
  readonly #api: KubeApi;
  readonly #stop: AbortController = new AbortController();
  #looking: Promise<void> = Promise.resolve();

  constructor(api: KubeApi) {
    this.#api = api;
  }

  start(signal: AbortSignal): void {
    this.#looking = this.#look(AbortSignal.any([signal, this.#stop.signal]));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#looking;
  }

  /** The latest snapshot. */
  get nodes(): readonly NodeLook[] {
    return this.history.at(-1)?.nodes ?? [];
  }

  node(name: string): NodeLook | undefined {
    return this.nodes.find((node) => node.name === name);
  }

  /** One line per node, for reports. */
  describe(): string {
    return this.nodes
      .map(({ name, ready, cordoned, wanted, state, version, target, crashCount }) => {
        const service = `${ready ? 'Ready' : 'NotReady'}${cordoned ? ',cordoned' : ''}`;
        return `${name}: ${service}; wanted ${wanted}, is ${state}, ${version} -> ${target}, crashes ${crashCount}`;
      })
      .join('\n');
  }

  async #look(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // Some tests stop the API server.
      const nodes = await this.#nodes().catch(() => undefined);
      if (nodes !== undefined) this.history.push({ atMs: Date.now(), nodes });
      await sleep(systemClock, LOOK_MS, signal).catch(() => undefined);
    }
  }

  async #nodes(): Promise<NodeLook[]> {
    const [nodes, shadows] = await Promise.all([
      this.#api.get<{ items: NodeJson[] }>(paths.nodes()),
      this.#api.get<{ items: BottlerocketShadow[] }>(shadowsPath(DEFAULT_NAMESPACE)).catch(() => ({ items: [] })),
    ]);
    const byName = new Map(shadows.items.map((shadow) => [shadow.metadata.name, shadow]));
    return nodes.items.map((node) => lookAt(node, byName.get(shadowName(node.metadata.name))));
  }
}

function lookAt({ metadata, spec, status }: NodeJson, shadow: BottlerocketShadow | undefined): NodeLook {
  return {
    name: metadata.name,
    ready: status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True',
    cordoned: spec?.unschedulable === true,
    bootId: status?.nodeInfo?.bootID ?? '',
    wanted: shadow?.spec.state ?? '',
    state: shadow?.status?.current_state ?? '',
    version: shadow?.status?.current_version ?? '',
    target: shadow?.status?.target_version ?? '',
    crashCount: shadow?.status?.crash_count ?? 0,
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
  };
}

/** Options of a wait for a fleet. */
interface FleetContext {
  readonly api: KubeApi;
  readonly cluster: Pick<RealCluster, 'managed'>;
  readonly fleet: Fleet;
  readonly signal: AbortSignal;
}

/** Whether the node is schedulable. */
export const isInService = (node: NodeLook | undefined): boolean => node?.ready === true && !node.cordoned;

/** Whether the node runs `version`, is in service, and both sides of its shadow say Idle. */
export function isUpdated(node: NodeLook | undefined, version: string): boolean {
  return node?.version === version && node.wanted === 'Idle' && node.state === 'Idle' && isInService(node);
}

/** Waits until every managed node is updated to `version`. */
export async function updated({ fleet, cluster, signal }: FleetContext, version: string, limitMs: number): Promise<void> {
  await eventually(() => cluster.managed.every(({ name }) => isUpdated(fleet.node(name), version)), {
    for: `all nodes to run ${version}`,
    limitMs,
    signal,
    instead: () => fleet.describe(),
  });
}

/** Waits until the drain of a node cannot go on because of something that `named` names. @returns the node, and what its shadow says */
export function blockedDrain(
  { api, fleet, signal }: FleetContext,
  named: string,
  limitMs: number,
): Promise<{ node: string; message: string }> {
  const look = async (): Promise<{ node: string; message: string } | undefined> => {
    const { items } = await api.get<{ items: BottlerocketShadow[] }>(shadowsPath(DEFAULT_NAMESPACE));
    const messages = items.map(({ metadata, status }) => ({
      node: fleet.nodes.find(({ name }) => shadowName(name) === metadata.name)?.name ?? '',
      message: status?.progress?.message ?? '',
    }));
    return messages.find(({ message }) => message.includes(named));
  };
  return eventually(look, { for: `a drain that ${named} blocks`, limitMs, signal, instead: () => fleet.describe() });
}

/** Waits until a managed node is as `look` wants it. @returns its name */
export function nodeThat(
  { fleet, cluster, signal }: FleetContext,
  what: string,
  look: (node: NodeLook) => boolean,
  limitMs: number,
): Promise<string> {
  const managed = new Set(cluster.managed.map(({ name }) => name));
  return eventually(() => fleet.nodes.find((node) => managed.has(node.name) && look(node))?.name, {
    for: `a node that ${what}`,
    limitMs,
    signal,
    instead: () => fleet.describe(),
  });
}
