import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { APISERVER_SERVICE, DEFAULT_NAMESPACE } from '@brupop/crd-models';
import type { KubeClient } from '@brupop/kube-runtime';
import { seededRandom, systemClock } from '@brupop/ports';
import { ProcessRunner, serveService, serveUnix, SimulatedNodes, WorldStore } from '@brupop/simulator';
import type { ClusterTimings, Endpoint, HostTimings, NodeOptions, ProcessRunnerOptions, UpdateRepository } from '@brupop/simulator';
import type { ControlPlane } from '../cluster/control-plane.ts';
import { hollowAddresses } from '../cluster/network.ts';
import type { Slot } from '../cluster/slot.ts';
import { readyPods } from './endpoint-slices.ts';
import type { EndpointSlice } from './endpoint-slices.ts';
import type { RemoteStore, Resource } from './remote-store.ts';
import { requestToken } from './request-token.ts';

/** What hollow nodes are made from. */
export interface HollowNodesOptions {
  readonly nodes: readonly NodeOptions[];
  readonly repository: UpdateRepository;
  readonly hostTimings: Partial<HostTimings>;
  readonly clusterTimings: Partial<ClusterTimings>;
  readonly bundles: ProcessRunnerOptions['bundles'];
  /** Whether each agent is a thread of this process: as processes, a hundred do not fit on a machine of two cores. */
  readonly agentsAreThreads: boolean;
  /** False for an apiserver that listens on all addresses: each then has its own port, and kube-apiserver cannot reach its webhook. */
  readonly servesOnPodIps?: boolean;
  readonly wrap?: ProcessRunnerOptions['wrap'];
  readonly onLine: (pod: string, line: string) => void;
}

/** Where they are. */
export interface HollowSurroundings {
  readonly slot: Slot;
  readonly plane: ControlPlane;
  readonly client: KubeClient;
  /** Mirrors all of {@link MIRRORED}. */
  readonly store: RemoteStore;
}

/** Hollow nodes under way. */
export interface HollowNodes {
  /** Of the apiserver's Service, for agents. */
  readonly service: Endpoint;
  /** Ends everything that runs on them. */
  stop(): Promise<void>;
}

const ENDPOINT_SLICES = { group: 'discovery.k8s.io', resource: 'endpointslices' };
/** What hollow nodes look at. */
export const MIRRORED: readonly Resource[] = [
  { group: '', resource: 'nodes' },
  { group: '', resource: 'pods' },
  { group: '', resource: 'secrets' },
  { group: 'coordination.k8s.io', resource: 'leases' },
  ENDPOINT_SLICES,
];
/** As in Kubernetes: what idle nodes write is a large part of the API server's load. */
const HEARTBEAT_MS = 10_000;

/**
 * Registers nodes with simulated kubelets. Of their pods only the operator's run, as processes of this machine, each with its own address.
 * The nodes reboot when their simulated hosts do.
 */
export async function startHollowNodes(
  options: HollowNodesOptions,
  { slot, plane, client, store }: HollowSurroundings,
): Promise<HollowNodes> {
  const { nodes: all, repository, hostTimings, clusterTimings, bundles, agentsAreThreads, servesOnPodIps = true, wrap, onLine } = options;
  const random = seededRandom(1);
  const sockets = join(slot.directory, 's');
  for (const folder of [sockets, join(slot.directory, 'logs')]) await mkdir(folder, { recursive: true });
  const hostSocket = (node: string): string => join(sockets, `${node}.sock`);
  const endpoints = (): Endpoint[] =>
    readyPods(store.list(ENDPOINT_SLICES) as readonly EndpointSlice[], DEFAULT_NAMESPACE, APISERVER_SERVICE).flatMap(
      (uid) => runner.endpointOf(uid) ?? [],
    );
  const service = await serveService(endpoints, { host: slot.hostIp, port: 0 });
  const runner: ProcessRunner = new ProcessRunner({
    bundles,
    node: process.execPath,
    directory: slot.directory,
    kubernetes: { url: plane.url, caPem: await readFile(join(plane.credentials.directory, 'ca.crt'), 'utf8') },
    store,
    apiserverUrl: () => `https://${slot.hostIp}:${service.port}`,
    hostSocket,
    onLine,
    issueToken: (pod, audience, expiresAfterMs) => {
      const { namespace = '' } = pod.metadata;
      return requestToken(client, {
        namespace,
        account: pod.spec.serviceAccountName ?? 'default',
        audiences: [audience],
        expiresAfterMs,
        pod,
      });
    },
    ownAddresses: servesOnPodIps,
    threads: agentsAreThreads ? ['agent'] : [],
    ...(wrap === undefined ? {} : { wrap }),
  });
  const nodes = new SimulatedNodes({
    clock: systemClock,
    random,
    store: new WorldStore(store),
    repository,
    hostTimings,
    timings: { ...clusterTimings, heartbeatMs: HEARTBEAT_MS },
    runner,
    addressesOf: (node) => hollowAddresses(slot, node),
    issueToken: () => {
      throw new Error('tokens are issued by the API server');
    },
    log: () => undefined,
  });
  for (const node of all) nodes.add(node);
  const servers = await Promise.all([...nodes.hosts].map(([name, host]) => serveUnix(host.handle, hostSocket(name))));
  nodes.start();
  return {
    service: { host: slot.hostIp, port: service.port },
    stop: async () => {
      nodes.stop();
      await runner.stopAll();
      await Promise.all([service.close(), ...servers.map((server) => server.close())]);
    },
  };
}
