import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  APISERVER_CERTIFICATE,
  APISERVER_DEPLOYMENT,
  APISERVER_SERVICE,
  CLIENT_CERTIFICATE,
  CONTROLLER_DEPLOYMENT,
  GROUP,
  PLURAL,
} from '@brupop/crd-models';
import { PROCESS_ENVIRONMENT, SERVICE_ACCOUNTS } from '@brupop/manifests';
import type { Component } from '@brupop/manifests';
import { API_AUDIENCES, createCertificateAuthority, serveService } from '@brupop/simulator';
import type { Simulation } from '@brupop/simulator';
import { KUBERNETES } from './original-binaries.ts';
import type { OriginalBinaries } from './original-binaries.ts';

/** What the original's processes need around them beyond what ours need. */
export interface Surroundings {
  /** How to start one of them. */
  command(component: Component): { readonly command: string; readonly args: readonly string[] };
  close(): Promise<void>;
}

const COMPONENTS = ['agent', 'apiserver', 'controller'] as const;
const TOKEN_LIFETIME_MS = 6 * 3_600_000;

// In a mount namespace of its own, whose mounts end with the process. $0: shared files; $1: its account; $2: the program.
const MOUNT_AND_RUN = `set -e
mount -t tmpfs tmpfs /etc
cp "$0/hosts" /etc/hosts
if [ -n "$TLS_DIR" ]; then ln -s "$TLS_DIR" /etc/brupop-tls-keys; fi
mount -t tmpfs tmpfs /var/run
mkdir -p /var/run/secrets/kubernetes.io /var/run/secrets/tokens
ln -s "$1" /var/run/secrets/kubernetes.io/serviceaccount
if [ -n "$AGENT_TOKEN_PATH" ]; then ln -s "$AGENT_TOKEN_PATH" /var/run/secrets/tokens/bottlerocket-agent-service-account-token; fi
exec "$2"`;

/**
 * Gives the original what its own installation would: permissions, certificates, names that resolve, an `apiclient`.
 * @param simulation an installation with `certificates: 'provided'` whose pods have not started
 * @param directory for its files
 */
export async function surroundOriginal(binaries: OriginalBinaries, simulation: Simulation, directory: string): Promise<Surroundings> {
  const secrets = await certificates(simulation);
  await writeFiles(simulation, directory);
  const { hostname: host, port } = new URL(simulation.kubernetes.url);
  const kubernetes = await serveService(() => [{ host, port: Number(port) }], KUBERNETES);
  const env = {
    KUBERNETES_SERVICE_HOST: KUBERNETES.host,
    KUBERNETES_SERVICE_PORT: String(KUBERNETES.port),
    APISERVER_SERVICE_PORT: new URL(simulation.apiserverUrl).port,
    PATH: `${join(directory, 'bin')}:${process.env['PATH'] ?? ''}`,
  };
  setProbes(simulation);
  // Its pods start as soon as they find their Secrets: all else is there by now.
  simulation.cluster.apply([...permissions(simulation), ...secrets]);
  // Our images say how Node.js is to use memory; the original's do not.
  const unset = Object.keys(PROCESS_ENVIRONMENT).map((name) => `--unset=${name}`);
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return {
    command: (component) => ({
      command: 'unshare',
      args: ['--mount', 'env', ...unset, ...settings, '/bin/sh', '-c', MOUNT_AND_RUN, directory, join(directory, component), binaries[component]],
    }),
    close: () => kubernetes.close(),
  }; // prettier-ignore
}

/** What of the original can be asked whether it is ready. */
function setProbes({ cluster, namespace }: Simulation): void {
  const set = (name: string, readinessProbe: object): void => {
    const place = { namespace, name };
    const [container] = cluster.store.get('Deployment', place)?.spec.template.spec.containers ?? [];
    cluster.store.patch('Deployment', place, { spec: { template: { spec: { containers: [{ ...container, readinessProbe }] } } } });
  };
  set(APISERVER_DEPLOYMENT, { httpGet: { path: '/ping', scheme: 'HTTPS' } });
  set(CONTROLLER_DEPLOYMENT, {});
}

/** Agents of the original read nodes and shadows themselves. What it is given here is what its own roles allow, or more. */
function permissions({ namespace }: Simulation): object[] {
  const metadata = { name: 'brupop-original' };
  const apiGroup = 'rbac.authorization.k8s.io';
  return [
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'ClusterRole',
      metadata,
      rules: [
        {
          apiGroups: [GROUP],
          resources: [PLURAL, `${PLURAL}/status`],
          verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
        },
        { apiGroups: [''], resources: ['nodes', 'pods'], verbs: ['get', 'list', 'patch', 'watch'] },
        { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
      ],
    },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup, kind: 'ClusterRole', name: metadata.name },
      subjects: COMPONENTS.map((component) => ({ kind: 'ServiceAccount', name: SERVICE_ACCOUNTS[component], namespace })),
    },
  ];
}

/** As cert-manager would make them, which the original leaves it to. */
async function certificates({ namespace }: Simulation): Promise<object[]> {
  const authority = await createCertificateAuthority();
  const { certPem, keyPem } = await authority.issue({ commonName: APISERVER_SERVICE, names: [apiserverName(namespace)] });
  const secret = (name: string, files: Readonly<Record<string, string>>): object => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    data: Object.fromEntries(Object.entries({ 'ca.crt': authority.caPem, ...files }).map(([key, pem]) => [key, Buffer.from(pem).toString('base64')])),
  }); // prettier-ignore
  return [secret(CLIENT_CERTIFICATE, {}), secret(APISERVER_CERTIFICATE, { 'tls.crt': certPem, 'tls.key': keyPem })];
}

const apiserverName = (namespace: string): string => `${APISERVER_SERVICE}.${namespace}.svc.cluster.local`;

async function writeFiles({ api, namespace, kubernetes }: Simulation, directory: string): Promise<void> {
  const write = async (file: string, text: string, mode = 0o600): Promise<void> => {
    await mkdir(join(directory, file, '..'), { recursive: true });
    await writeFile(join(directory, file), text, { mode });
  };
  await write('hosts', `127.0.0.1 localhost ${apiserverName(namespace)}\n${KUBERNETES.host} kubernetes.default.svc\n`);
  await write('bin/apiclient', `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, 'host-apiclient.ts')}' "$@"\n`, 0o700);
  for (const component of COMPONENTS) {
    const serviceAccount = { namespace, name: SERVICE_ACCOUNTS[component] };
    const token = api.issueToken({ serviceAccount, audiences: [API_AUDIENCES[0]], expiresAfterMs: TOKEN_LIFETIME_MS });
    const files = { token, namespace, 'ca.crt': kubernetes.caPem };
    for (const [name, text] of Object.entries(files)) await write(join(component, name), text);
  }
}
