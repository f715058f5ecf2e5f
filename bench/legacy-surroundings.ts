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
import type { Endpoint, Simulation } from '@brupop/simulator';
import { KUBERNETES } from './legacy-binaries.ts';
import type { LegacyBinaries } from './legacy-binaries.ts';

/** The installation that Brupop 1.x replaces: ours, with `certificates: 'provided'`, before its pods have started. */
export interface LegacyPlace {
  readonly namespace: string;
  readonly kubernetes: { readonly url: string; readonly caPem: string };
  /** The apiserver's Service. */
  readonly apiserver: Endpoint;
  apply(objects: readonly object[]): Promise<void>;
  /** A token of a ServiceAccount, for the Kubernetes API. */
  readonly issueToken: (account: string, expiresAfterMs: number) => Promise<string>;
}

/** What the processes of Brupop 1.x need in addition to ours. */
export interface Surroundings {
  /** The command that starts one of them. */
  command(component: Component): { readonly command: string; readonly args: readonly string[] };
  close(): Promise<void>;
}

const COMPONENTS = ['agent', 'apiserver', 'controller'] as const;
const TOKEN_LIFETIME_MS = 6 * 3_600_000;

// In its own mount namespace, whose mounts end with the process. $0: shared files; $1: its account; $2: the program.
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
 * Creates what the installation of Brupop 1.x provides: permissions, certificates, DNS names, an `apiclient`.
 * @param directory for its files
 */
export async function surroundLegacy(binaries: LegacyBinaries, place: LegacyPlace, directory: string): Promise<Surroundings> {
  const secrets = await certificates(place);
  await writeFiles(place, directory);
  const { hostname: host, port } = new URL(place.kubernetes.url);
  const kubernetes = await serveService(() => [{ host, port: Number(port) }], KUBERNETES);
  const env = {
    KUBERNETES_SERVICE_HOST: KUBERNETES.host,
    KUBERNETES_SERVICE_PORT: String(KUBERNETES.port),
    APISERVER_SERVICE_PORT: String(place.apiserver.port),
    PATH: `${join(directory, 'bin')}:${process.env['PATH'] ?? ''}`,
  };
  // Its pods start as soon as they find their Secrets, so this comes last.
  await place.apply([...permissions(place), ...secrets]);
  // The settings for the memory of Node.js in our images do not apply to Brupop 1.x.
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

/** A simulated cluster as an installation to replace. */
export function placeIn({ api, cluster, namespace, kubernetes, apiserverUrl }: Simulation): LegacyPlace {
  return {
    namespace,
    kubernetes,
    apiserver: { host: '127.0.0.1', port: Number(new URL(apiserverUrl).port) },
    apply: (objects) => {
      cluster.apply(objects);
      return Promise.resolve();
    },
    issueToken: (name, expiresAfterMs) =>
      Promise.resolve(api.issueToken({ serviceAccount: { namespace, name }, audiences: [API_AUDIENCES[0]], expiresAfterMs })),
  };
}

/** The readiness probes of Brupop 1.x; its controller has none. */
export const LEGACY_PROBES: Readonly<Record<string, object>> = {
  [APISERVER_DEPLOYMENT]: { readinessProbe: { httpGet: { path: '/ping', scheme: 'HTTPS', port: 'https' } } },
  [CONTROLLER_DEPLOYMENT]: {},
};

/** A container without a readiness probe. */
export const withoutProbes = (container: object): object =>
  Object.fromEntries(Object.entries(container).filter(([field]) => !field.endsWith('Probe')));

/** Sets the readiness probes in a simulated cluster. */
export function setProbes({ cluster, namespace }: Simulation): void {
  for (const [name, probe] of Object.entries(LEGACY_PROBES)) {
    const place = { namespace, name };
    const [container] = cluster.store.get('Deployment', place)?.spec.template.spec.containers ?? [];
    const containers = [{ ...withoutProbes(container ?? {}), ...probe }];
    cluster.store.patch('Deployment', place, { spec: { template: { spec: { containers } } } });
  }
}

/** Agents of Brupop 1.x read nodes and shadows themselves. These permissions include those of its own roles. */
function permissions({ namespace }: LegacyPlace): object[] {
  const metadata = { name: 'brupop-legacy' };
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

/** The certificates that Brupop 1.x would get from cert-manager. */
async function certificates({ namespace }: LegacyPlace): Promise<object[]> {
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

async function writeFiles({ namespace, kubernetes, apiserver, issueToken }: LegacyPlace, directory: string): Promise<void> {
  const write = async (file: string, text: string, mode = 0o600): Promise<void> => {
    await mkdir(join(directory, file, '..'), { recursive: true });
    await writeFile(join(directory, file), text, { mode });
  };
  await write('hosts', `127.0.0.1 localhost\n${apiserver.host} ${apiserverName(namespace)}\n${KUBERNETES.host} kubernetes.default.svc\n`);
  await write('bin/apiclient', `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, 'host-apiclient.ts')}' "$@"\n`, 0o700);
  for (const component of COMPONENTS) {
    const token = await issueToken(SERVICE_ACCOUNTS[component], TOKEN_LIFETIME_MS);
    const files = { token, namespace, 'ca.crt': kubernetes.caPem };
    for (const [name, text] of Object.entries(files)) await write(join(component, name), text);
  }
}
