import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COMPONENT_LABEL, CRD_NAME, DEFAULT_NAMESPACE, GROUP, PLURAL, shadowName } from '@brupop/crd-models';
import type { BottlerocketShadow } from '@brupop/crd-models';
import { createKubeClient } from '@brupop/kube-runtime';
import type { KubeClient } from '@brupop/kube-runtime';
import { installObjects } from '@brupop/manifests';
import type { InstallOptions } from '@brupop/manifests';
import { sleep, systemClock } from '@brupop/ports';
import { freePort } from '@brupop/simulator';
import type { Endpoint, NodeObject, PodObject, UpdateRepository } from '@brupop/simulator';
import { ControlPlane } from '../cluster/control-plane.ts';
import type { ControlPlaneBinaries } from '../cluster/control-plane.ts';
import { Kubectl } from '../cluster/kubectl.ts';
import { makeBridge, makeHollowAddresses } from '../cluster/network.ts';
import { claimSlot } from '../cluster/slot.ts';
import { KubeApi } from '../kube-api.ts';
import { parseRequests } from '../requests.ts';
import type { ApiRequest } from '../requests.ts';
import { MIRRORED, startHollowNodes } from './hollow-nodes.ts';
import type { HollowNodesOptions } from './hollow-nodes.ts';
import { RemoteStore } from './remote-store.ts';
import { requestToken } from './request-token.ts';

/** Options of a {@link HollowCluster}. */
export interface HollowClusterOptions extends Omit<HollowNodesOptions, 'nodes' | 'repository' | 'onLine'> {
  readonly binaries: ControlPlaneBinaries;
  /** Number of nodes that are updated. Three more, for the servers of the operator, are not. */
  readonly nodes: number;
  /** Version of every host at the start. */
  readonly version: string;
  readonly signal: AbortSignal;
}

/** How the operator is installed. */
export interface HollowInstallation extends Pick<InstallOptions, 'env' | 'certificates'> {
  /** Called when all objects exist; with `certificates: 'provided'` agents and apiservers wait for their Secrets. */
  readonly prepare?: () => Promise<void>;
  /** Changes an object before it is applied. */
  readonly alter?: (object: ReturnType<typeof installObjects>[number]) => object;
}

const NODE_GRACE_SECONDS = 40;
const SERVERS = 3;
const ON_SERVERS = { servers: 'true' };
const NODES = { group: '', resource: 'nodes' };
const PODS = { group: '', resource: 'pods' };
const SHADOWS = { group: GROUP, resource: PLURAL };
const ZONES = ['us-west-2a', 'us-west-2b', 'us-west-2c'];
const NODES_READY_MS = 120_000;
const LOOK_MS = 20;
const LAST_LINES = 20;

/** A real control plane with hollow nodes, of which a hundred fit on a machine without room for kubelets. */
export class HollowCluster {
  readonly names: readonly string[];
  readonly kubectl: Kubectl;
  /** What the processes of the operator have printed, pod by pod and line by line. */
  readonly lines: { readonly pod: string; readonly text: string }[] = [];
  readonly #options: HollowClusterOptions;
  readonly #plane: ControlPlane;
  readonly #client: KubeClient;
  readonly #store: RemoteStore;
  readonly #repository: UpdateRepository;
  readonly #undo: (() => Promise<void>)[] = [];
  #service: Endpoint = { host: '', port: 0 };

  private constructor(options: HollowClusterOptions, plane: ControlPlane, client: KubeClient, store: RemoteStore) {
    this.#options = options;
    this.#client = client;
    this.#plane = plane;
    this.#store = store;
    this.#repository = { available: [options.version] };
    this.kubectl = new Kubectl(options.binaries.kubectl, plane.credentials.kubeconfig('admin'), options.signal);
    this.names = namesOf('node', options.nodes);
  }

  /** Starts the control plane and registers the nodes; stops everything if that fails. */
  static async start(options: HollowClusterOptions): Promise<HollowCluster> {
    const slot = await claimSlot();
    const undo: (() => Promise<void>)[] = [() => slot.release()];
    try {
      await makeBridge(slot);
      await makeHollowAddresses(slot);
      const plane = await ControlPlane.start(slot, options.binaries, options.signal, NODE_GRACE_SECONDS);
      undo.push(() => plane.stop());
      const { asAdmin: http } = await KubeApi.clients(plane.credentials.kubeconfig('admin'));
      const client = createKubeClient({ http, clock: systemClock });
      const end = new AbortController();
      const store = new RemoteStore(client, AbortSignal.any([options.signal, end.signal]));
      undo.push(() => {
        end.abort(new Error('the cluster is stopping'));
        return Promise.resolve();
      });
      await store.mirror(...MIRRORED);
      const cluster = new HollowCluster(options, plane, client, store);
      const nodes = await startHollowNodes({ ...options, ...cluster.#world() }, { slot, plane, client, store });
      undo.push(() => nodes.stop());
      cluster.#service = nodes.service;
      cluster.#undo.push(...undo);
      await cluster.until('the nodes are ready', () => cluster.names.every((name) => cluster.#isInService(name)), NODES_READY_MS);
      return cluster;
    } catch (error) {
      for (const step of undo.reverse()) await step();
      throw error;
    }
  }

  /** Address of the apiserver's Service for agents. */
  get service(): Endpoint {
    return this.#service;
  }

  /** Installs the operator; resolves when every agent has reported. */
  async install({ prepare, alter = (object) => object, env = {}, ...options }: HollowInstallation, limitMs: number): Promise<void> {
    const controller = { CERTIFICATE_NAMES: this.service.host, ...env.controller };
    const placement = { apiserver: { nodeSelector: ON_SERVERS }, controller: { nodeSelector: ON_SERVERS } };
    // A server that listens on all addresses of the machine has the usual port.
    const apiserverInternalPort = await freePort();
    const objects = installObjects({ image: 'brupop', ...options, env: { ...env, controller }, placement, apiserverInternalPort });
    await this.kubectl.apply(objects.map(alter));
    await this.kubectl.run(['wait', '--for=condition=Established', 'crd', CRD_NAME]);
    await this.#store.mirror(SHADOWS);
    await prepare?.();
    await this.until('every agent has reported', () => this.names.every((name) => this.shadow(name)?.status != null), limitMs);
  }

  /** Of the API server, and the authority that its clients must trust. */
  async kubernetes(): Promise<{ readonly url: string; readonly caPem: string }> {
    return { url: this.#plane.url, caPem: await readFile(join(this.#plane.credentials.directory, 'ca.crt'), 'utf8') };
  }

  /** A token of a ServiceAccount of the operator's namespace, for the API server. */
  token(account: string, expiresAfterMs: number): Promise<string> {
    return requestToken(this.#client, { namespace: DEFAULT_NAMESPACE, account, audiences: [], expiresAfterMs });
  }

  /** Offers all hosts a newer version. */
  publish(version: string): void {
    this.#repository.available = [version, ...this.#repository.available];
  }

  /** As last seen; undefined before there is one. */
  shadow(node: string): BottlerocketShadow | undefined {
    return this.#store.get({ ...SHADOWS, namespace: DEFAULT_NAMESPACE, name: shadowName(node) }) as BottlerocketShadow | undefined;
  }

  /** Calls `listener` after each write of a shadow. @returns ends that */
  onShadow(listener: (shadow: BottlerocketShadow) => void): () => void {
    return this.#store.watch(SHADOWS, ({ type, object }) => {
      if (type !== 'DELETED') listener(object as BottlerocketShadow);
    });
  }

  /** Whether the node runs this version, is in service, and both sides of its shadow say Idle. */
  isDone(name: string, version: string): boolean {
    const { spec, status } = this.shadow(name) ?? {};
    return this.#isInService(name) && spec?.state === 'Idle' && status?.current_state === 'Idle' && status.current_version === version;
  }

  /** Pods of the operator that exist and are not terminating, as last seen. */
  podsOf(component: string): PodObject[] {
    const pods = this.#store.list(PODS) as readonly PodObject[];
    return pods.filter(
      ({ metadata }) =>
        metadata.namespace === DEFAULT_NAMESPACE &&
        metadata.labels?.[COMPONENT_LABEL] === component &&
        metadata.deletionTimestamp === undefined,
    );
  }

  /** All that the operator has asked of the Kubernetes API so far. */
  async requests(): Promise<ApiRequest[]> {
    return parseRequests(await readFile(this.#plane.auditLog, 'utf8'), DEFAULT_NAMESPACE);
  }

  /** Polls a condition. @throws Error after the limit, with the problems of the nodes */
  async until(what: string, condition: () => boolean, limitMs: number): Promise<void> {
    const endMs = systemClock.monotonic() + limitMs;
    while (!condition()) {
      if (systemClock.monotonic() > endMs || this.#store.failures.length > 0) {
        const trouble = [...this.#store.failures, ...this.lines.slice(-LAST_LINES).map(({ pod, text }) => `${pod}: ${text}`)];
        throw new Error(
          `waited ${Math.round((limitMs - endMs + systemClock.monotonic()) / 1000)} s until ${what}; instead:\n${trouble.join('\n')}`,
        );
      }
      await sleep(systemClock, LOOK_MS, this.#options.signal);
    }
  }

  /** Ends every process and removes everything that was made. */
  async close(): Promise<void> {
    for (const step of this.#undo.reverse()) await step();
  }

  #isInService(name: string): boolean {
    const { spec, status } = (this.#store.get({ ...NODES, name }) as NodeObject | undefined) ?? {};
    return spec?.unschedulable !== true && status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true;
  }

  /** Options of the nodes that are not configurable. */
  #world(): Pick<HollowNodesOptions, 'nodes' | 'repository' | 'onLine'> {
    const { version } = this.#options;
    const zone = (at: number): string => ZONES[at % ZONES.length] ?? '';
    return {
      nodes: [
        ...this.names.map((name, at) => ({ name, version, zone: zone(at) })),
        ...namesOf('servers', SERVERS).map((name, at) => ({ name, version, zone: zone(at), managed: false, labels: ON_SERVERS })),
      ],
      repository: this.#repository,
      onLine: (pod, text) => this.lines.push({ pod, text }),
    };
  }
}

const namesOf = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${prefix}-${String(at + 1).padStart(String(count).length, '0')}`);
