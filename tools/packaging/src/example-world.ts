import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AGENT_SERVICE_ACCOUNT, DEFAULT_NAMESPACE, TOKEN_AUDIENCE } from '@brupop/crd-models';
import { seededRandom, sleep, systemClock } from '@brupop/ports';
import { kubeconfig, SimulatedApi, SimulatedCluster, sampleWorkloads, serveHttps, serveUnix } from '@brupop/simulator';
import type { Place } from '@brupop/simulator';

/** A simulated cluster for the programs of the READMEs, and the environment with which they run. */
export interface ExampleWorld {
  readonly env: Readonly<Record<string, string>>;
  /** Arguments of a library's program. */
  argumentsOf(library: string): readonly string[];
  close(): Promise<void>;
}

const NODE = 'node-1';
// Two of web, three of db, one of node-exporter on each node.
const PODS = 7;
const TIMINGS = { podStartMs: 20, kubeletStartMs: 20, nodeReadyMs: 20, terminationMs: 200, readinessPeriodMs: 50 };
const AGENT = { namespace: DEFAULT_NAMESPACE, name: 'brupop-agent-1' };

/** Serves a cluster of two nodes with ordinary workloads over HTTPS, and the first node's host on a unix socket. */
export async function startExampleWorld(directory: string): Promise<ExampleWorld> {
  const random = seededRandom(1);
  const api = new SimulatedApi({ clock: systemClock, random });
  const cluster = new SimulatedCluster({
    api,
    clock: systemClock,
    random,
    nodes: [NODE, 'node-2'].map((name) => ({ name, version: '1.26.1' })),
    repository: { available: ['1.27.0', '1.26.1'] },
    timings: TIMINGS,
    hostTimings: { refreshMs: 100 },
  });
  cluster.start();
  cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: DEFAULT_NAMESPACE } }, THINGS, agentPod()]);
  cluster.apply(sampleWorkloads({ webReplicas: 2 }));
  const server = await serveHttps(api.handle);
  const socket = await serveUnix(cluster.host(NODE).handle, join(directory, 'api.sock'));
  const file = join(directory, 'kubeconfig');
  await writeFile(file, kubeconfig({ url: server.url, caPem: server.caPem, token: api.adminToken, namespace: DEFAULT_NAMESPACE }));
  await settled(cluster);
  return {
    env: { KUBECONFIG: file, PORT: '0' },
    argumentsOf: (library) => {
      switch (library) {
        case 'bottlerocket-api':
          return [socket.socketPath];
        case 'drain':
          return ['node-2'];
        case 'k8s-auth':
          return [agentToken(cluster), NODE];
        default:
          return [];
      }
    },
    close: async () => {
      cluster.stop();
      await Promise.all([server.close(), socket.close()]);
    },
  };
}

async function settled(cluster: SimulatedCluster): Promise<void> {
  const isUp = (): boolean =>
    cluster.nodes.length === 2 &&
    cluster.pods('default').length === PODS &&
    [...cluster.pods('default'), ...cluster.pods(DEFAULT_NAMESPACE)].every(({ status }) => status?.phase === 'Running');
  while (!isUp()) await sleep(systemClock, 20);
}

function agentPod(): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: AGENT,
    spec: { nodeName: NODE, serviceAccountName: AGENT_SERVICE_ACCOUNT, containers: [{ name: 'agent', image: 'brupop' }] },
  };
}

function agentToken({ api, store }: SimulatedCluster): string {
  const uidOf = (kind: 'Pod' | 'Node', place: Place): string => store.get(kind, place)?.metadata.uid ?? '';
  return api.issueToken({
    serviceAccount: { namespace: AGENT.namespace, name: AGENT_SERVICE_ACCOUNT },
    audiences: [TOKEN_AUDIENCE],
    pod: { name: AGENT.name, uid: uidOf('Pod', AGENT) },
    node: { name: NODE, uid: uidOf('Node', { name: NODE }) },
    expiresAfterMs: 3_600_000,
  });
}

const THINGS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { kind: 'Thing', plural: 'things' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    conversion: {
      strategy: 'Webhook',
      webhook: { conversionReviewVersions: ['v1'], clientConfig: { service: { namespace: DEFAULT_NAMESPACE, name: 'my-webhook' } } },
    },
  },
};
