import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { issueAuthority, issueCertificate } from '@brupop/certificates';

/** What the cluster's components authenticate with. */
export interface Credentials {
  /** Holds keys, certificates, tokens and kubeconfigs. */
  readonly directory: string;
  /** Path of the kubeconfig of a component, or of a node's kubelet as `kubelet-NODE`. */
  readonly kubeconfig: (user: string) => string;
  /** The user by whose name kube-apiserver calls the kubelets. */
  readonly kubeletClient: string;
}

interface User {
  readonly file: string;
  readonly name: string;
  readonly group?: string;
}

const DAY_MS = 86_400_000;
/** As many nodes as a cluster here may have. */
export const MOST_NODES = 8;
const COMPONENTS: readonly User[] = [
  { file: 'admin', name: 'admin', group: 'system:masters' },
  { file: 'kube-controller-manager', name: 'system:kube-controller-manager' },
  { file: 'kube-scheduler', name: 'system:kube-scheduler' },
  { file: 'kube-proxy', name: 'system:kube-proxy' },
];

export const nodeName = (index: number): string => `node-${index}`;

/**
 * Makes an authority, kube-apiserver's certificate, the key that signs service account tokens, and a token for each component.
 * Each kubelet has its own name, so that the Node authorizer and NodeRestriction are in force.
 */
export async function createCredentials(directory: string, server: string, names: readonly string[]): Promise<Credentials> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const keep = (name: string, text: string): Promise<void> => writeFile(join(directory, name), text, { mode: 0o600 });
  const kubeletClient = 'kube-apiserver';
  const now = Date.now();
  const validity = { notBeforeMs: now - DAY_MS, notAfterMs: now + 30 * DAY_MS };
  const authority = await issueAuthority('real-cluster', validity);
  const certificate = await issueCertificate(authority, { commonName: kubeletClient, names, ...validity });
  const signing = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const users = [...COMPONENTS, ...Array.from({ length: MOST_NODES }, (_, at) => kubelet(nodeName(at + 1)))];
  const tokens = users.map((user) => ({ ...user, token: randomUUID() }));
  await Promise.all([
    keep('ca.crt', authority.certPem),
    keep('kube-apiserver.crt', certificate.certPem),
    keep('kube-apiserver.key', certificate.keyPem),
    keep('service-accounts.key', signing.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    keep('service-accounts.pub', signing.publicKey.export({ type: 'spki', format: 'pem' }).toString()),
    keep(
      'tokens.csv',
      tokens.map(({ token, name, group }) => `${[token, name, name, ...(group === undefined ? [] : [group])].join(',')}\n`).join(''),
    ),
    ...tokens.map(({ file, token }) => keep(`${file}.kubeconfig`, kubeconfig(server, authority.certPem, token))),
  ]);
  return { directory, kubeletClient, kubeconfig: (user) => join(directory, `${user}.kubeconfig`) };
}

const kubelet = (node: string): User => ({ file: `kubelet-${node}`, name: `system:node:${node}`, group: 'system:nodes' });

/** JSON is YAML. */
function kubeconfig(server: string, caPem: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'real', cluster: { server, 'certificate-authority-data': Buffer.from(caPem).toString('base64') } }],
    users: [{ name: 'user', user: { token } }],
    contexts: [{ name: 'real', context: { cluster: 'real', user: 'user' } }],
    'current-context': 'real',
  });
}
