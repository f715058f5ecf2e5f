import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AGENT_SERVICE_ACCOUNT, APISERVER_SERVICE_ACCOUNT, DEFAULT_NAMESPACE, TOKEN_AUDIENCE } from '@brupop/crd-models';
import { NODE_FLAGS } from '@brupop/manifests';
import { sleep, systemClock } from '@brupop/ports';
import { createCertificateAuthority, freePort, kubeconfig } from '@brupop/simulator';
import type { LargeCluster } from './large-cluster.ts';
import type { MeasuredProcess } from './measured-process.ts';
import { startMeasured } from './measured-process.ts';
import type { AgentIdentity } from './polling-agents.ts';

const BUNDLE = resolve(import.meta.dirname, '../apps/apiserver/dist/main.mjs');
const BASELINE = resolve(import.meta.dirname, 'plain-server.ts');
const READY_LIMIT_MS = 60_000;
const HOURS_MS = 12 * 3_600_000;
/** The limit in the manifest. */
const LIMIT_MIB = 512;

/** An apiserver, or a baseline of it. */
export interface Replica {
  readonly port: number;
  readonly process: MeasuredProcess;
}

/** Replicas that serve one cluster. */
export interface Replicas {
  readonly caPem: string;
  readonly agents: readonly AgentIdentity[];
  /** Starts one; resolves when it is ready. */
  start(kind: 'ours' | 'plain'): Promise<Replica>;
  /** Kills the remaining ones. */
  close(): Promise<void>;
}

/** Prepares the start of replicas, with certificates and a token for each agent. */
export async function prepareReplicas({ api, url, caPem: apiCaPem, names }: LargeCluster): Promise<Replicas> {
  if (!existsSync(BUNDLE)) throw new Error(`${BUNDLE} is missing: run npm run build:bundles`);
  const directory = await mkdtemp(join(tmpdir(), 'bp-'));
  const authority = await createCertificateAuthority(systemClock, 'bench');
  const { certPem, keyPem } = await authority.issue({ commonName: 'apiserver', names: ['127.0.0.1'] });
  await Promise.all([
    writeFile(join(directory, 'tls.crt'), certPem),
    writeFile(join(directory, 'tls.key'), keyPem),
    writeFile(join(directory, 'ca.crt'), authority.caPem),
  ]);
  const token = api.issueToken({
    serviceAccount: { namespace: DEFAULT_NAMESPACE, name: APISERVER_SERVICE_ACCOUNT },
    expiresAfterMs: HOURS_MS,
  });
  await writeFile(join(directory, 'kubeconfig'), kubeconfig({ url, caPem: apiCaPem, token, namespace: DEFAULT_NAMESPACE }));
  const running = new Set<MeasuredProcess>();
  return {
    caPem: authority.caPem,
    agents: names.map((node) => ({ node, token: agentToken(api, node) })),
    start: async (kind) => {
      const [port, metricsPort] = [await freePort(), await freePort()];
      const args = kind === 'ours' ? [...NODE_FLAGS.apiserver, BUNDLE] : [...NODE_FLAGS.apiserver, '--conditions=@brupop/source', BASELINE];
      const env = {
        KUBECONFIG: join(directory, 'kubeconfig'),
        TLS_DIR: directory,
        APISERVER_INTERNAL_PORT: String(port),
        METRICS_PORT: String(metricsPort),
        BIND_ADDRESS: '127.0.0.1',
        LOGGING_FORMATTER: 'json',
      };
      const process = startMeasured(args, env, LIMIT_MIB);
      running.add(process);
      await ready(port);
      return { port, process };
    },
    close: async () => {
      await Promise.all([...running].map((process) => process.stop()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The token that the kubelet projects into the agent's pod. */
function agentToken(api: LargeCluster['api'], node: string): string {
  const name = `brupop-agent-${node}`;
  const pod = api.store.get({ group: '', resource: 'pods', namespace: DEFAULT_NAMESPACE, name });
  return api.issueToken({
    serviceAccount: { namespace: DEFAULT_NAMESPACE, name: AGENT_SERVICE_ACCOUNT },
    audiences: [TOKEN_AUDIENCE],
    pod: { name, uid: pod?.metadata.uid ?? '' },
    expiresAfterMs: HOURS_MS,
  });
}

async function ready(port: number): Promise<void> {
  const endMs = performance.now() + READY_LIMIT_MS;
  const isReady = (): Promise<boolean> =>
    new Promise((resolve) => {
      const options = { host: '127.0.0.1', port, path: '/readyz', rejectUnauthorized: false, agent: false };
      request(options, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      })
        .once('error', () => {
          resolve(false);
        })
        .end();
    });
  while (!(await isReady())) {
    if (performance.now() > endMs) throw new Error('an apiserver did not get ready');
    await sleep(systemClock, 20);
  }
}
