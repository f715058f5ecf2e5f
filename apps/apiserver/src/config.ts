import type { DrainTimeoutAction } from '@brupop/drain';
import { LOGGING_CONFIG, oneOf, optional, port, seconds, text, type ConfigSpec, type LoggingConfig } from '@brupop/process';

/** The settings of the apiserver. */
export interface ApiserverConfig extends LoggingConfig {
  readonly port: number;
  readonly metricsPort: number;
  readonly bindAddress: string | undefined;
  readonly kubernetesHost: string | undefined;
  readonly tlsDir: string;
  readonly drainTimeoutMs: number;
  readonly drainTimeoutAction: DrainTimeoutAction;
  readonly terminationLog: string | undefined;
}

/** The environment variables of the apiserver. */
export const CONFIG: ConfigSpec<ApiserverConfig> = {
  port: { env: 'APISERVER_INTERNAL_PORT', doc: 'Port of the HTTPS server that agents and kube-apiserver call.', parse: port },
  metricsPort: { env: 'METRICS_PORT', doc: 'Port of the plain-HTTP server of `/metrics`.', default: '8080', parse: port },
  bindAddress: {
    env: 'BIND_ADDRESS',
    doc: 'Address that both servers listen on; by default all IPv4 addresses, and in an IPv6 cluster all IPv6 addresses too.',
    default: '',
    parse: optional(text),
  },
  kubernetesHost: {
    env: 'KUBERNETES_SERVICE_HOST',
    doc: 'Set by Kubernetes. An IPv6 address makes the servers listen on `[::]`.',
    default: '',
    parse: optional(text),
  },
  tlsDir: { env: 'TLS_DIR', doc: 'Directory of `tls.crt`, `tls.key` and `ca.crt`.', default: '/etc/brupop-tls-keys', parse: text },
  drainTimeoutMs: {
    env: 'DRAIN_TIMEOUT_SECONDS',
    doc: 'Maximum duration of a drain, after which `DRAIN_TIMEOUT_ACTION` applies; 0 means no limit.',
    default: '900',
    parse: seconds(),
  },
  drainTimeoutAction: {
    env: 'DRAIN_TIMEOUT_ACTION',
    doc: 'When a drain times out, `skip` restores the node and retries later, `wait` continues the drain, and `force` deletes pods that cannot be evicted.',
    default: 'skip',
    parse: oneOf('skip', 'wait', 'force'),
  },
  terminationLog: {
    env: 'TERMINATION_LOG',
    doc: 'File to which the process writes why it failed, for `kubectl describe pod`.',
    default: '',
    parse: optional(text),
  },
  ...LOGGING_CONFIG,
};

/** The address to listen on. */
export function listenAddress({ bindAddress, kubernetesHost }: Pick<ApiserverConfig, 'bindAddress' | 'kubernetesHost'>): string {
  if (bindAddress !== undefined) return bindAddress.replace(/^\[(.*)\]$/, '$1');
  return kubernetesHost?.includes(':') === true ? '::' : '0.0.0.0';
}
