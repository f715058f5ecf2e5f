import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { APISERVER_SERVICE, CLIENT_CERTIFICATE, DEFAULT_NAMESPACE } from '@brupop/crd-models';
import { installObjects } from '@brupop/manifests';
import type { InstallOptions } from '@brupop/manifests';
import { seededRandom, systemClock } from '@brupop/ports';
import type { HttpRequest } from '@brupop/ports';
import type { ConversionResolver } from '../api/crd/conversion.ts';
import { kubeconfig } from '../api/http/kubeconfig.ts';
import { serveHttps } from '../api/http/serve-https.ts';
import { SimulatedApi } from '../api/simulated-api.ts';
import { serveUnix } from '../host/serve-unix.ts';
import type { HostTimings } from '../host/simulated-host.ts';
import { sampleWorkloads } from '../world/sample-workloads.ts';
import { SimulatedCluster } from '../world/simulated-cluster.ts';
import type { ClusterTimings } from '../world/timings.ts';
import { httpsJsonClient } from './https-json-client.ts';
import { ProcessRunner } from './process-runner.ts';
import type { WrapCommand } from './process-runner.ts';
import { serveService } from './service-proxy.ts';
import type { Endpoint } from './service-proxy.ts';

/** Options of a simulation with real processes. */
export interface SimulationOptions {
  /** Number of Bottlerocket hosts. */
  readonly nodes: number;
  /** Version that the hosts run at the start. */
  readonly from: string;
  /** Version that the repository offers. */
  readonly to: string;
  /** Folder for sockets, tokens and logs; keep the path short, since that of a unix socket is limited to 107 bytes. */
  readonly directory: string;
  /** The bundle of each app. */
  readonly bundles: Readonly<Record<'agent' | 'apiserver' | 'controller', string>>;
  /** The Node.js binary that runs them; by default that of this process. */
  readonly node?: string;
  readonly seed?: number;
  /** Environment of each component, as the manifest would set it. */
  readonly env?: Readonly<Partial<Record<'agent' | 'apiserver' | 'controller', Readonly<Record<string, string>>>>>;
  /** Where the pods may run, and who issues the certificates; the controller by default. */
  readonly installation?: Pick<InstallOptions, 'certificates' | 'placement'>;
  readonly hostTimings?: Partial<HostTimings>;
  readonly clusterTimings?: Partial<ClusterTimings>;
  /** Pods of the `web` Deployment, 4 by default; 0 omits every workload with a PodDisruptionBudget. */
  readonly webReplicas?: number;
  /** Called for each line that a process of the operator prints. */
  readonly onLine?: (pod: string, line: string) => void;
  /** Called for each request to the API of a host. */
  readonly onHostRequest?: (node: string, request: HttpRequest) => void;
  /** Changes how a process is started, for measurements. */
  readonly wrap?: WrapCommand;
}

/** A running cluster whose operator consists of real processes. */
export interface Simulation {
  readonly api: SimulatedApi;
  readonly cluster: SimulatedCluster;
  readonly runner: ProcessRunner;
  readonly namespace: string;
  /** Address of the Kubernetes API, and the authority that its clients must trust. */
  readonly kubernetes: { readonly url: string; readonly caPem: string };
  /** For `kubectl`, as cluster administrator. */
  readonly kubeconfig: string;
  /** Address of the apiserver's Service: each connection goes to the next ready replica. */
  readonly apiserverUrl: string;
  /** The authorities that clients of the apiserver must trust now; empty until the controller has made one. */
  apiserverCaPem(): string;
  /** Address of the controller's plain-HTTP server; undefined while it does not run. */
  controllerEndpoint(): Endpoint | undefined;
  /** Kills every process and closes every socket. */
  close(): Promise<void>;
}

interface SecretObject {
  readonly data?: Readonly<Record<string, string>>;
}

const ZONES = ['us-west-2a', 'us-west-2b', 'us-west-2c'];

/** Short enough to watch, long enough to see each step. */
const HOST_TIMINGS: Partial<HostTimings> = { refreshMs: 200, downloadMs: 800, activateMs: 200, rebootMs: 1500 };

/** Starts a simulated Kubernetes cluster, installs the operator on it as `kubectl apply` would, and runs its pods as processes. */
export async function startSimulation(options: SimulationOptions): Promise<Simulation> {
  const random = seededRandom(options.seed ?? 1);
  const namespace = DEFAULT_NAMESPACE;
  const sockets = join(options.directory, 's');
  await Promise.all([mkdir(sockets, { recursive: true }), mkdir(join(options.directory, 'logs'), { recursive: true })]);

  const names = Array.from({ length: options.nodes }, (_, at) => `node-${String(at + 1).padStart(String(options.nodes).length, '0')}`);
  const apiserverEndpoints = (): Endpoint[] =>
    cluster.pods(namespace).flatMap((pod) => {
      const endpoint = cluster.endpoints(namespace, APISERVER_SERVICE).includes(pod.metadata.name)
        ? runner.endpointOf(pod.metadata.uid ?? '')
        : undefined;
      return endpoint === undefined ? [] : [endpoint];
    });
  const service = await serveService(apiserverEndpoints);
  const apiserverUrl = `https://127.0.0.1:${String(service.port)}`;
  const conversion: ConversionResolver = ({ name, namespace: at, caPem }) => httpsJsonClient(apiserverUrl, `${name}.${at}.svc`, caPem);
  const api = new SimulatedApi({ clock: systemClock, random, conversion });
  const server = await serveHttps(api.handle);

  const runner: ProcessRunner = new ProcessRunner({
    bundles: options.bundles,
    node: options.node ?? process.execPath,
    directory: options.directory,
    kubernetes: { url: server.url, caPem: server.caPem },
    store: api.store,
    apiserverUrl: () => apiserverUrl,
    hostSocket: (node) => join(sockets, `${node}.sock`),
    ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
    ...(options.wrap === undefined ? {} : { wrap: options.wrap }),
  });
  const cluster: SimulatedCluster = new SimulatedCluster({
    api,
    clock: systemClock,
    random,
    runner,
    nodes: names.map((name, at) => ({ name, version: options.from, zone: ZONES[at % ZONES.length] ?? 'us-west-2a' })),
    repository: { available: [options.to, options.from] },
    hostTimings: { ...HOST_TIMINGS, ...options.hostTimings },
    ...(options.clusterTimings === undefined ? {} : { timings: options.clusterTimings }),
  });
  const hostServers = await Promise.all(
    [...cluster.hosts].map(([name, host]) =>
      serveUnix(
        (request, signal) => {
          options.onHostRequest?.(name, request);
          return host.handle(request, signal);
        },
        join(sockets, `${name}.sock`),
      ),
    ),
  );
  cluster.start();
  // Here the Service has an address, but no DNS name.
  const controller = { CERTIFICATE_NAMES: '127.0.0.1', ...options.env?.controller };
  cluster.apply([...installObjects({ image: 'brupop', ...options.installation, env: { ...options.env, controller } })]);
  if (options.webReplicas !== 0) cluster.apply(sampleWorkloads({ webReplicas: options.webReplicas ?? 4 }));

  return {
    api,
    cluster,
    runner,
    namespace,
    kubernetes: { url: server.url, caPem: server.caPem },
    kubeconfig: kubeconfig({ url: server.url, caPem: server.caPem, token: api.adminToken, namespace }),
    apiserverUrl,
    apiserverCaPem: () => {
      const secret = api.store.get<SecretObject>({ group: '', resource: 'secrets', namespace, name: CLIENT_CERTIFICATE });
      return Buffer.from(secret?.data?.['ca.crt'] ?? '', 'base64').toString('utf8');
    },
    controllerEndpoint: () => {
      const [name] = cluster.endpoints(namespace, 'brupop-controller-server');
      const pod = cluster.pods(namespace).find(({ metadata }) => metadata.name === name);
      return pod === undefined ? undefined : runner.metricsOf(pod.metadata.uid ?? '');
    },
    close: async () => {
      cluster.stop();
      await runner.stopAll();
      await Promise.all([service.close(), server.close(), ...hostServers.map((hostServer) => hostServer.close())]);
    },
  };
}
