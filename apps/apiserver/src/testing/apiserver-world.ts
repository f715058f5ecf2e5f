import { HEADERS } from '@brupop/agent-api';
import {
  AGENT_COMPONENT,
  AGENT_SERVICE_ACCOUNT,
  bottlerocketShadowCrd,
  COMPONENT_LABEL,
  GROUP,
  PLURAL,
  TOKEN_AUDIENCE,
  UPDATER_INTERFACE_LABEL,
  UPDATER_INTERFACE_VERSION,
} from '@brupop/crd-models';
import { createKubeClient } from '@brupop/kube-runtime';
import { inProcessClient, memoryLogger, seededRandom, VirtualClock } from '@brupop/ports';
import { SimulatedApi, type KubeObject } from '@brupop/simulator';
import lightMyRequest, { type InjectOptions, type Response } from 'light-my-request';
import { createApiserver, type Apiserver } from '../apiserver.ts';

export const NAMESPACE = 'brupop-bottlerocket-aws';

const LABELS = { [UPDATER_INTERFACE_LABEL]: UPDATER_INTERFACE_VERSION };

/** One apiserver on a simulated Kubernetes API, with nodes and an agent on each. */
export class ApiserverWorld {
  readonly clock: VirtualClock;
  readonly api: SimulatedApi;
  readonly log: ReturnType<typeof memoryLogger> = memoryLogger();
  readonly stopping: AbortController = new AbortController();
  readonly server: Apiserver;
  readonly tokens: Map<string, string> = new Map<string, string>();

  /** @param cluster of another replica, which has created the nodes */
  constructor(nodes: readonly string[] = ['node-1', 'node-2'], cluster?: Pick<ApiserverWorld, 'api' | 'clock'>) {
    this.clock = cluster?.clock ?? new VirtualClock();
    this.api = cluster?.api ?? new SimulatedApi({ clock: this.clock, random: seededRandom(7) });
    if (cluster === undefined) this.#install();
    for (const name of nodes) this.#addNode(name);
    const authorization = `Bearer ${this.api.adminToken}`;
    const http = inProcessClient((request, signal) =>
      this.api.handle({ ...request, headers: { ...request.headers, authorization } }, signal),
    );
    this.server = createApiserver({
      client: createKubeClient({ http, clock: this.clock }),
      clock: this.clock,
      random: seededRandom(1),
      log: this.log,
      namespace: NAMESPACE,
      drainPolicy: { timeoutMs: 900_000, onTimeout: 'skip' },
    });
  }

  #install(): void {
    const { store } = this.api;
    for (const name of [NAMESPACE, 'shop']) store.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    store.create(bottlerocketShadowCrd({ namespace: NAMESPACE, servicePort: 443 }));
    store.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: AGENT_SERVICE_ACCOUNT, namespace: NAMESPACE } });
  }

  async start(): Promise<this> {
    void this.server.run(this.stopping.signal);
    await this.clock.advanceUntil(() => this.server.ready(), 10_000);
    return this;
  }

  #addNode(name: string): void {
    const { store } = this.api;
    const status = { conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }] };
    const node = store.create({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels: LABELS }, spec: {}, status });
    const pod = this.addPod(`agent-${name}`, name, NAMESPACE, {
      labels: { [COMPONENT_LABEL]: AGENT_COMPONENT },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'brupop-agent', uid: 'ds-1', controller: true }],
    });
    this.tokens.set(
      name,
      this.api.issueToken({
        serviceAccount: { namespace: NAMESPACE, name: AGENT_SERVICE_ACCOUNT },
        audiences: [TOKEN_AUDIENCE],
        pod: { name: pod.metadata.name, uid: pod.metadata.uid },
        node: { name, uid: node.metadata.uid },
      }),
    );
  }

  addPod(name: string, nodeName: string, namespace = 'shop', metadata: object = {}): KubeObject {
    return this.api.store.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, ...metadata },
      spec: { nodeName, containers: [{ name: 'main', image: 'x' }] },
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
    });
  }

  removePod(name: string, namespace = 'shop'): void {
    this.api.store.delete({ group: '', resource: 'pods', namespace, name }, { gracePeriodSeconds: 0 });
  }

  node(name = 'node-1'): KubeObject {
    const node = this.api.store.get({ group: '', resource: 'nodes', name });
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  }

  patchNode(patch: object): void {
    this.api.store.patch({ group: '', resource: 'nodes', name: 'node-1' }, patch);
  }

  get cordoned(): boolean {
    return (this.node()['spec'] as { unschedulable?: boolean }).unschedulable === true;
  }

  shadow(name = 'brs-node-1'): KubeObject | undefined {
    return this.api.store.get({ group: GROUP, resource: PLURAL, namespace: NAMESPACE, name });
  }

  /** Permits the disruption of node-1, as the controller does. */
  permit(): void {
    const spec = { state: 'RebootedIntoUpdate', version: '1.1.0' };
    if (this.shadow() !== undefined) this.patchShadow({ spec });
    else
      this.api.store.create({
        apiVersion: `${GROUP}/v2`,
        kind: 'BottlerocketShadow',
        metadata: { name: 'brs-node-1', namespace: NAMESPACE },
        spec,
      });
  }

  patchShadow(patch: object): void {
    this.api.store.patch({ group: GROUP, resource: PLURAL, namespace: NAMESPACE, name: 'brs-node-1' }, patch);
  }

  /** Sends a request and advances the clock until the response. */
  async send(options: InjectOptions, limitMs = 120_000): Promise<Response> {
    const response = this.begin(options);
    await this.clock.advanceUntil(() => response.value !== undefined, limitMs);
    if (response.value === undefined) throw new Error('no response in time');
    return response.value;
  }

  begin(options: InjectOptions): { value: Response | undefined } {
    const holder: { value: Response | undefined } = { value: undefined };
    void lightMyRequest(this.server.app as never, options).then((value) => (holder.value = value));
    return holder;
  }

  /** A request as the agent of node-1 sends it. */
  asAgent(
    method: 'GET' | 'POST' | 'PUT',
    url: string,
    { headers = {}, body }: { headers?: Record<string, string>; body?: unknown } = {},
  ): InjectOptions {
    return {
      method,
      url,
      headers: { [HEADERS.nodeName]: 'node-1', [HEADERS.token]: this.tokens.get('node-1') ?? '', ...headers },
      ...(body === undefined ? {} : { payload: body as object }),
    };
  }
}
