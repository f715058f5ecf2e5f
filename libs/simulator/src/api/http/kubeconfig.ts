/** How to reach a cluster. */
export interface KubeconfigInput {
  readonly url: string;
  /** Empty for plain HTTP. */
  readonly caPem: string;
  readonly token: string;
  readonly namespace: string;
}

/** A kubeconfig file (JSON, which is YAML) for `kubectl` and client libraries. */
export function kubeconfig({ url, caPem, token, namespace }: KubeconfigInput): string {
  const name = 'simulator';
  const ca = caPem === '' ? {} : { 'certificate-authority-data': Buffer.from(caPem).toString('base64') };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: url, ...ca } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
    'current-context': name,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
