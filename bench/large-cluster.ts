import { Agent, request } from 'node:https';
import type { BottlerocketShadow } from '@brupop/crd-models';
import {
  AGENT_COMPONENT,
  COMPONENT_LABEL,
  DEFAULT_NAMESPACE,
  GROUP,
  PLURAL,
  shadowName,
  UPDATER_INTERFACE_LABEL,
  UPDATER_INTERFACE_VERSION,
} from '@brupop/crd-models';
import { installObjects } from '@brupop/manifests';
import { seededRandom, systemClock } from '@brupop/ports';
import { kubeconfig, serveHttps, SimulatedApi } from '@brupop/simulator';
import type { HttpsServer } from '@brupop/simulator';

/** A Kubernetes API over HTTPS with nodes of realistic size, their shadows and agent pods; nothing runs on the nodes. */
export interface LargeCluster {
  readonly api: SimulatedApi;
  readonly names: readonly string[];
  /** Adds this number of nodes, each with its shadow and its agent. */
  grow(nodes: number): void;
  /** A kubeconfig with all rights. */
  readonly kubeconfig: string;
  readonly url: string;
  readonly caPem: string;
  /** Bytes of one Node as JSON. */
  readonly nodeBytes: number;
  shadow(node: string): BottlerocketShadow;
  /** Writes the status of a shadow, as the apiserver does for an agent. */
  report(node: string, status: Readonly<Record<string, unknown>>): void;
  /** Merges a patch into a shadow, status included, over HTTPS. */
  patch(node: string, change: Readonly<Record<string, unknown>>): Promise<void>;
  /** Writes the spec of a shadow, as the controller does. */
  setSpec(node: string, spec: Readonly<Record<string, unknown>>): void;
  /** Sends the heartbeats of a node's conditions, as its kubelet does. */
  heartbeat(node: string): void;
  close(): Promise<void>;
}

const VERSION = { old: '1.26.1', new: '1.27.0' };
/** Fills a Node up to 14 KB. */
const IMAGES = 50;
const CONDITIONS = ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'];

/** Creates the cluster; every node has a newer version on offer. */
export async function startLargeCluster(nodes: number): Promise<LargeCluster> {
  const api = new SimulatedApi({ clock: systemClock, random: seededRandom(1) });
  for (const object of installObjects({ image: 'brupop', certificates: 'provided' })) api.store.create(object);
  const width = String(nodes).length;
  const names: string[] = [];
  const grow = (by: number): void => {
    for (let at = 0; at < by; at++) {
      const name = `ip-10-0-${String(names.length + 1).padStart(width, '0')}.eu-central-1.compute.internal`;
      const { metadata } = api.store.create(aNode(name));
      api.store.create(anAgentPod(name));
      api.store.create(aShadow(name, metadata.uid));
      names.push(name);
    }
  };
  grow(nodes);
  const server = await serveHttps(api.handle);
  const ref = (node: string): { group: string; resource: string; namespace: string; name: string } => ({
    group: GROUP,
    resource: PLURAL,
    namespace: DEFAULT_NAMESPACE,
    name: shadowName(node),
  });
  return {
    api,
    names,
    grow,
    url: server.url,
    caPem: server.caPem,
    kubeconfig: kubeconfig({ url: server.url, caPem: server.caPem, token: api.adminToken, namespace: DEFAULT_NAMESPACE }),
    nodeBytes: JSON.stringify(api.store.list({ group: '', resource: 'nodes' })[0]).length,
    shadow: (node) => {
      const shadow = api.store.get<BottlerocketShadow>(ref(node));
      if (shadow === undefined) throw new Error(`there is no shadow of ${node}`);
      return shadow;
    },
    report: (node, status) => {
      api.store.patch(ref(node), { status }, { subresource: 'status' });
    },
    patch: (node, change) => patchStatus(server, api.adminToken, node, change),
    setSpec: (node, spec) => {
      api.store.patch(ref(node), { spec });
    },
    heartbeat: (node) => {
      api.store.patch({ group: '', resource: 'nodes', name: node }, { status: { conditions: conditions() } }, { subresource: 'status' });
    },
    close: () => server.close(),
  };
}

const KEPT = new Agent({ keepAlive: true });

function patchStatus({ url, caPem: ca }: HttpsServer, token: string, node: string, change: object): Promise<void> {
  const path = `/apis/${GROUP}/v2/namespaces/${DEFAULT_NAMESPACE}/${PLURAL}/${shadowName(node)}/status`;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/merge-patch+json' };
  return new Promise((resolve, reject) => {
    request(`${url}${path}`, { method: 'PATCH', ca, headers, agent: KEPT }, (response) => response.resume().once('end', resolve))
      .once('error', reject)
      .end(JSON.stringify(change));
  });
}

function aNode(name: string): { apiVersion: string; kind: string; metadata: { name: string } } {
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        [UPDATER_INTERFACE_LABEL]: UPDATER_INTERFACE_VERSION,
        'kubernetes.io/hostname': name,
        'topology.kubernetes.io/zone': `eu-central-1${'abc'.charAt(name.charCodeAt(name.indexOf('.') - 1) % 3)}`,
      },
    },
    spec: { providerID: `aws:///eu-central-1a/i-${name}` },
    status: { conditions: conditions(), images: Array.from({ length: IMAGES }, anImage) },
  };
  return node;
}

function anImage(_: unknown, at: number): object {
  const repository = `000000000000.dkr.ecr.eu-central-1.amazonaws.com/team-${String(at % 9)}/service-${String(at)}`;
  return {
    names: [`${repository}@sha256:${String(at).padStart(64, 'a1b2c3')}`, `${repository}:v1.${String(at)}.0`],
    sizeBytes: 50_000_000 + at,
  };
}

const LONG_AGO = '2026-01-01T00:00:00Z';

function conditions(): object[] {
  return CONDITIONS.map((type) => ({
    type,
    status: type === 'Ready' ? 'True' : 'False',
    lastHeartbeatTime: new Date(systemClock.now()).toISOString(),
    lastTransitionTime: LONG_AGO,
    reason: 'KubeletReports',
    message: 'The kubelet reports what it sees of this condition',
  }));
}

function anAgentPod(node: string): { apiVersion: string; kind: string; metadata: { name: string } } {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `brupop-agent-${node}`, namespace: DEFAULT_NAMESPACE, labels: { [COMPONENT_LABEL]: AGENT_COMPONENT } },
    spec: { nodeName: node, containers: [{ name: 'brupop', image: 'brupop' }] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: LONG_AGO }] },
  };
  return pod;
}

function aShadow(node: string, uid: string): { apiVersion: string; kind: string; metadata: { name: string } } {
  const shadow = {
    apiVersion: `${GROUP}/v2`,
    kind: 'BottlerocketShadow',
    metadata: {
      name: shadowName(node),
      namespace: DEFAULT_NAMESPACE,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node, uid }],
    },
    spec: { state: 'Idle' },
    status: { current_state: 'Idle', current_version: VERSION.old, target_version: VERSION.new, crash_count: 0 },
  };
  return shadow;
}
