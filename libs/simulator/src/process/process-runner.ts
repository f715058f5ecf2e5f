import { mkdir, rename, writeFile } from 'node:fs/promises';
import { get as httpGet } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { AGENT_COMPONENT, APISERVER_COMPONENT, COMPONENT_LABEL, CONTROLLER_COMPONENT, TOKEN_AUDIENCE } from '@brupop/crd-models';
import { NODE_FLAGS, PROCESS_ENVIRONMENT } from '@brupop/manifests';
import { kubeconfig } from '../api/http/kubeconfig.ts';
import type { PodObject } from '../world/objects.ts';
import type { PodContext, PodRunner, RunningPod } from '../world/pod-runner.ts';
import { startChild } from './child-process.ts';
import type { Child } from './child-process.ts';
import { startThread } from './child-thread.ts';
import { mountSecret } from './secret-volume.ts';
import type { SecretSource, SecretVolume } from './secret-volume.ts';
import { freePort } from './service-proxy.ts';
import type { Endpoint } from './service-proxy.ts';

/** The operator's processes: the file that each runs, and their surroundings. */
export interface ProcessRunnerOptions {
  /** The bundle of each app. */
  readonly bundles: Readonly<Record<'agent' | 'apiserver' | 'controller', string>>;
  /** The Node.js binary that runs them. */
  readonly node: string;
  /** Folder for tokens, certificates, kubeconfigs and logs. */
  readonly directory: string;
  readonly kubernetes: { readonly url: string; readonly caPem: string };
  /** Reads the Secrets that pods mount. */
  readonly store: SecretSource;
  /** Address of the apiserver's Service. */
  readonly apiserverUrl: () => string;
  /** The unix socket of a node's host API. */
  readonly hostSocket: (nodeName: string) => string;
  /** Variables beyond those of the pod. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called for each line that a process prints. */
  readonly onLine?: (pod: string, line: string) => void;
  /** Changes how a process is started, for measurements; called right before each start. */
  readonly wrap?: WrapCommand;
  /** Issues projected tokens where the context of a pod cannot. */
  readonly issueToken?: (pod: PodObject, audience: string, expiresAfterMs: number) => Promise<string>;
  /**
   * Whether the addresses of pods are addresses of this machine, so that the apiserver can be reached through its Service.
   * Otherwise each serves on the loopback interface, on ports chosen anew, since other programs may use any port of all addresses.
   */
  readonly ownAddresses?: boolean;
  /** The apps that run as threads of this process: the same bundles, many of which fit on a machine. */
  readonly threads?: readonly App[];
}

/** Receives the command that starts an app on a node, and returns the one to run instead. */
export type WrapCommand = (app: keyof ProcessRunnerOptions['bundles'], nodeName: string, command: Command) => Command;

/** A program and its arguments. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

const TOKEN_LIFETIME_MS = 3_607_000;
const KUBERNETES_AUDIENCE = 'https://kubernetes.default.svc';
const READY_DEADLINE_MS = 2000;
const TLS_FOLDER = 'tls';

type App = keyof ProcessRunnerOptions['bundles'];

const APPS: Readonly<Record<string, App | undefined>> = {
  [AGENT_COMPONENT]: 'agent',
  [APISERVER_COMPONENT]: 'apiserver',
  [CONTROLLER_COMPONENT]: 'controller',
};

/** The addresses at which a process serves. */
interface Addresses {
  readonly main: Endpoint;
  readonly metrics: Endpoint;
}

interface Launch {
  readonly app: App;
  readonly pod: PodObject;
  readonly context: PodContext;
  /** What is mounted into the pod. */
  readonly folder: string;
  readonly volume: SecretVolume | undefined;
  readonly ended: (code: number) => void;
}

/** Runs the operator's pods as processes of this machine: what a kubelet and a container runtime do. */
export class ProcessRunner implements PodRunner {
  readonly #options: ProcessRunnerOptions;
  /** Every pod that has been started and has not ended, including those whose process is about to start. */
  readonly #pods = new Set<RunningPod>();
  readonly #addresses = new Map<string, Addresses>();

  constructor(options: ProcessRunnerOptions) {
    this.#options = options;
  }

  start(pod: PodObject, context: PodContext): RunningPod {
    const app = APPS[pod.metadata.labels?.[COMPONENT_LABEL] ?? ''];
    if (app === undefined) throw new Error(`pod ${pod.metadata.name}: no process for its label ${COMPONENT_LABEL}`);
    let child: Child | undefined;
    let stopped: 'SIGTERM' | 'SIGKILL' | undefined;
    const uid = pod.metadata.uid ?? pod.metadata.name;
    const folder = join(this.#options.directory, 'pods', uid);
    const volume = this.#mount(pod, folder);
    const ended = (code: number): void => {
      this.#addresses.delete(uid);
      volume?.unmount();
      this.#pods.delete(running);
      context.exited(code);
    };
    const starting = this.#start({ app, pod, context, folder, volume, ended }).then(async (started) => {
      child = started;
      if (stopped !== undefined) await started.stop(stopped);
    });
    starting.catch(() => {
      ended(127);
    });
    const running: RunningPod = {
      isReady: async () => {
        const address = this.#addresses.get(uid);
        return child !== undefined && address !== undefined && (await isReady(pod.spec.containers[0]?.readinessProbe?.httpGet, address));
      },
      stop: async (signal) => {
        stopped = signal;
        this.#addresses.delete(uid);
        volume?.unmount();
        await starting.catch(() => undefined);
        await child?.stop(signal);
      },
    };
    this.#pods.add(running);
    return running;
  }

  /** Where the pod with this uid serves; undefined while it does not run. */
  endpointOf(podUid: string): Endpoint | undefined {
    return this.#addresses.get(podUid)?.main;
  }

  /** Where the pod with this uid serves /metrics. */
  metricsOf(podUid: string): Endpoint | undefined {
    return this.#addresses.get(podUid)?.metrics;
  }

  /** Kills every process, including those that are about to start. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#pods].map(async (pod) => pod.stop('SIGKILL')));
  }

  /** The Secret among the pod's volumes, if it has one. */
  #mount({ metadata, spec }: PodObject, folder: string): SecretVolume | undefined {
    const volumes = (spec as { readonly volumes?: readonly Volume[] }).volumes ?? [];
    const name = volumes.find(({ secret }) => secret !== undefined)?.secret?.secretName;
    return name === undefined ? undefined : mountSecret(this.#options.store, metadata.namespace ?? '', name, join(folder, TLS_FOLDER));
  }

  async #start({ app, pod, context, folder, volume, ended }: Launch): Promise<Child> {
    const uid = pod.metadata.uid ?? pod.metadata.name;
    await mkdir(folder, { recursive: true });
    await volume?.ready;
    const given = podEnvironment(pod, context.nodeName);
    const addresses = await this.#addressesFor(given, context);
    const env = {
      ...given,
      ...(await this.#surroundings({ app, pod, context, folder }, addresses)),
      ...this.#options.env,
      LOGGING_FORMATTER: 'json',
      PATH: process.env['PATH'] ?? '',
      ...PROCESS_ENVIRONMENT,
    };
    const { node, bundles, wrap, threads = [] } = this.#options;
    const file = bundles[app];
    const plain = { command: node, args: [...NODE_FLAGS[app], file] };
    const output = {
      env,
      logFile: join(this.#options.directory, 'logs', `${pod.metadata.name}.log`),
      onLine: (line: string) => this.#options.onLine?.(pod.metadata.name, line),
      onExit: ended,
    };
    const child = threads.includes(app)
      ? startThread({ file, ...output })
      : startChild({ ...(wrap?.(app, context.nodeName, plain) ?? plain), ...output });
    this.#addresses.set(uid, addresses);
    return child;
  }

  async #addressesFor({ APISERVER_INTERNAL_PORT = '0' }: Readonly<Record<string, string>>, { podIP }: PodContext): Promise<Addresses> {
    const [main, metrics] = await Promise.all([freePort(), freePort()]);
    if (this.#options.ownAddresses !== true)
      return { main: { host: '127.0.0.1', port: main }, metrics: { host: '127.0.0.1', port: metrics } };
    return { main: { host: podIP, port: Number(APISERVER_INTERNAL_PORT) }, metrics: { host: podIP, port: metrics } };
  }

  async #surroundings(
    { app, pod, context, folder }: Pick<Launch, 'app' | 'pod' | 'context' | 'folder'>,
    { main, metrics }: Addresses,
  ): Promise<Record<string, string>> {
    const issue = this.#options.issueToken ?? ((_pod, audience, ms) => context.issueToken(audience, ms));
    const { kubernetes, apiserverUrl, hostSocket } = this.#options;
    const tlsDir = join(folder, TLS_FOLDER);
    if (app === 'agent') {
      const tokenPath = join(folder, 'token');
      await writeWhole(tokenPath, await issue(pod, TOKEN_AUDIENCE, TOKEN_LIFETIME_MS));
      const bootIdPath = join(folder, 'boot_id');
      await writeWhole(bootIdPath, `${context.host.bootId}\n`);
      return {
        APISERVER_URL: apiserverUrl(),
        AGENT_TOKEN_PATH: tokenPath,
        BOOT_ID_PATH: bootIdPath,
        TLS_DIR: tlsDir,
        BOTTLEROCKET_API_SOCKET: hostSocket(context.nodeName),
        READINESS_PORT: String(metrics.port),
        TERMINATION_LOG: join(folder, 'termination-log'),
      };
    }
    const token = await issue(pod, KUBERNETES_AUDIENCE, TOKEN_LIFETIME_MS);
    const kubeconfigPath = join(folder, 'kubeconfig');
    await writeWhole(kubeconfigPath, kubeconfig({ ...kubernetes, token, namespace: 'brupop-bottlerocket-aws' }));
    const served = { KUBECONFIG: kubeconfigPath, METRICS_PORT: String(metrics.port), BIND_ADDRESS: main.host };
    if (app === 'controller') return served;
    return { ...served, TLS_DIR: tlsDir, APISERVER_INTERNAL_PORT: String(main.port), TERMINATION_LOG: join(folder, 'termination-log') };
  }
}

interface Volume {
  readonly secret?: { readonly secretName?: string };
}

interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}

/** A container's environment as the kubelet fills it in, except for resource and secret references. */
function podEnvironment(pod: PodObject, nodeName: string): Record<string, string> {
  const fields: Readonly<Record<string, string | undefined>> = {
    'spec.nodeName': nodeName,
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
  };
  const env: Record<string, string> = {};
  const container = pod.spec.containers[0] as { readonly env?: readonly EnvVar[] } | undefined;
  for (const { name, value, valueFrom } of container?.env ?? []) {
    const text = value ?? fields[valueFrom?.fieldRef?.fieldPath ?? ''];
    if (text !== undefined) env[name] = text;
  }
  return env;
}

/** Writes atomically: a reader never sees a partial file. */
async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** @param probe the pod's readiness probe; without one, a pod is ready as soon as it runs. Only the apiserver's own port serves TLS. */
function isReady(probe: { readonly path: string; readonly scheme?: string } | undefined, { main, metrics }: Addresses): Promise<boolean> {
  if (probe === undefined) return Promise.resolve(true);
  return new Promise((resolve) => {
    // A kubelet does not verify the certificate of a probed container.
    const options = { path: probe.path, timeout: READY_DEADLINE_MS, agent: false };
    const request =
      probe.scheme === 'HTTPS' ? httpsRequest({ ...options, ...main, rejectUnauthorized: false }) : httpGet({ ...options, ...metrics });
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => {
      resolve(false);
    });
    request.end();
  });
}
