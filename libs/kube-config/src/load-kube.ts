import type { RequestOptions } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node';
import { REQUEST_TIMEOUT_MS } from '@brupop/kube-runtime';
import { BrupopError, describeError, nodeHttpClient, type HttpClient } from '@brupop/ports';

/** How to reach the cluster. */
export interface KubeAccess {
  readonly http: HttpClient;
  /** The namespace of the current context, or of the pod; undefined if it names none. */
  readonly namespace: string | undefined;
}

/** The part of `KubeConfig` of `@kubernetes/client-node` that is needed, so that users of this package do not compile the whole library. */
export interface ClusterConfig {
  getCurrentCluster(): { readonly server: string; readonly skipTLSVerify: boolean; readonly tlsServerName?: string } | null;
  getCurrentContext(): string;
  getContextObject(name: string): { readonly namespace?: string } | null;
  /** Adds what authenticates to the options of a request. */
  applyToHTTPSOptions(options: RequestOptions): Promise<void>;
}

/**
 * Reads `KUBECONFIG`, else `~/.kube/config`, else the service account of the pod. Credentials are applied to each request separately,
 * so rotated tokens, certificates and exec plugins just work.
 * @throws `BrupopError` `KUBE_CONFIG` if there is nothing usable
 */
export function loadKube(config: ClusterConfig = defaultConfig()): KubeAccess {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new BrupopError('KUBE_CONFIG', 'The current context names no cluster', { retry: 'terminal' });
  let material: SecureContextOptions = {};
  const inner = nodeHttpClient({
    baseUrl: cluster.server,
    tls: () => material,
    rejectUnauthorized: !cluster.skipTLSVerify,
    // Each request has a deadline of its own.
    responseTimeoutMs: REQUEST_TIMEOUT_MS + 5_000,
    ...(cluster.tlsServerName === undefined ? {} : { serverName: cluster.tlsServerName }),
  });
  const http: HttpClient = {
    async request(request, signal) {
      const options = await credentials(config);
      material = changedMaterial(material, options);
      return inner.request({ ...request, headers: { ...request.headers, ...authHeaders(options) } }, signal);
    },
  };
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace;
  return { http, namespace: namespace === '' ? undefined : namespace };
}

function defaultConfig(): ClusterConfig {
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch (cause) {
    throw new BrupopError('KUBE_CONFIG', `Cannot load the cluster's configuration: ${describeError(cause)}`, { retry: 'terminal', cause });
  }
  return config;
}

async function credentials(config: ClusterConfig): Promise<RequestOptions> {
  const options: RequestOptions = { headers: {} };
  try {
    await config.applyToHTTPSOptions(options);
  } catch (cause) {
    throw new BrupopError('KUBE_CREDENTIALS', `Cannot get credentials: ${describeError(cause)}`, { retry: 'transient', cause });
  }
  return options;
}

// The same object as long as nothing has changed: that is what keeps the connections.
function changedMaterial(known: SecureContextOptions, { ca, cert, key }: RequestOptions): SecureContextOptions {
  const equal = (a: unknown, b: unknown): boolean => String(a) === String(b);
  if (equal(known.ca, ca) && equal(known.cert, cert) && equal(known.key, key)) return known;
  return { ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
}

function authHeaders({ headers, auth }: RequestOptions): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) if (value !== undefined) result[name.toLowerCase()] = String(value);
  if (typeof auth === 'string') result['authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`;
  return result;
}
