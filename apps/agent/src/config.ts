import { readFileSync } from 'node:fs';
import { APISERVER_SERVICE, DEFAULT_NAMESPACE } from '@brupop/crd-models';
import type { ConfigSpec, LoggingConfig, Parser } from '@brupop/process';
import { ipAddress, LOGGING_CONFIG, optional, port, seconds, text, url } from '@brupop/process';
import { DEFAULT_AGENT_SETTINGS } from '@brupop/state-machine';
import type { AgentSettings } from '@brupop/state-machine';

/** Everything that the environment tells an agent. */
export interface AgentConfig extends LoggingConfig {
  readonly nodeName: string;
  readonly namespace: string | undefined;
  readonly apiserverUrl: string | undefined;
  readonly apiserverPort: number;
  readonly apiserverAddress: string | undefined;
  readonly tokenPath: string;
  readonly tlsDir: string;
  readonly hostSocket: string;
  readonly bootIdPath: string;
  readonly excludeFromLbWaitMs: number;
  readonly updateCheckIntervalMs: number;
  readonly stageTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly rebootTimeoutMs: number;
  readonly monitoringTimeoutMs: number;
  readonly soakMs: number;
  readonly readinessPort: number;
  readonly terminationLog: string | undefined;
}

/** Seconds, of which none means no limit. */
const limit: Parser<number> = (given) => {
  const parsed = seconds()(given);
  return parsed.ok && parsed.value === 0 ? { ok: true, value: Infinity } : parsed;
};

/** The environment variables of the agent. */
export const CONFIG: ConfigSpec<AgentConfig> = {
  nodeName: { env: 'MY_NODE_NAME', doc: 'Name of the Node that the agent runs on.', parse: text },
  namespace: {
    env: 'MY_NAMESPACE',
    doc: "Namespace of the apiserver; by default that of the pod's ServiceAccount.",
    default: '',
    parse: optional(text),
  },
  apiserverUrl: {
    env: 'APISERVER_URL',
    doc: 'URL of the apiserver; by default that of its Service.',
    default: '',
    parse: optional(url),
  },
  apiserverPort: { env: 'APISERVER_SERVICE_PORT', doc: "Port of the apiserver's Service.", default: '443', parse: port },
  apiserverAddress: {
    env: 'BRUPOP_APISERVER_SERVICE_HOST',
    doc: "IP address of the apiserver's Service, to go to when DNS does not answer; set by the kubelet.",
    default: '',
    parse: optional(ipAddress),
  },
  tokenPath: {
    env: 'AGENT_TOKEN_PATH',
    doc: 'File of the projected token for the apiserver.',
    default: '/var/run/secrets/tokens/bottlerocket-agent-service-account-token',
    parse: text,
  },
  tlsDir: {
    env: 'TLS_DIR',
    doc: "Directory of `ca.crt`, which the apiserver's certificate is checked against.",
    default: '/etc/brupop-tls-keys',
    parse: text,
  },
  hostSocket: { env: 'BOTTLEROCKET_API_SOCKET', doc: 'Unix socket of the Bottlerocket API.', default: '/run/api.sock', parse: text },
  bootIdPath: { env: 'BOOT_ID_PATH', doc: "File of the kernel's boot id.", default: '/proc/sys/kernel/random/boot_id', parse: text },
  excludeFromLbWaitMs: {
    env: 'EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC',
    doc: 'How long a node stays excluded from external load balancers before it is drained; 0 leaves load balancers alone.',
    default: '0',
    parse: seconds(),
  },
  updateCheckIntervalMs: {
    env: 'UPDATE_CHECK_INTERVAL_IN_SEC',
    doc: 'How often an idle host looks for a new version.',
    default: '120',
    parse: seconds({ min: 10 }),
  },
  stageTimeoutMs: {
    env: 'STAGE_TIMEOUT_IN_SEC',
    doc: 'How long a failing download or activation is tried again before the update counts as failed; 0 means no limit. Shorter than that of the controller, which knows no reason.',
    default: '1500',
    parse: limit,
  },
  drainTimeoutMs: {
    env: 'DRAIN_TIMEOUT_IN_SEC',
    doc: "How long this agent waits for a drain before it gives the node back; 0 leaves that to the apiserver's DRAIN_TIMEOUT_SECONDS.",
    default: '0',
    parse: limit,
  },
  rebootTimeoutMs: {
    env: 'REBOOT_TIMEOUT_IN_SEC',
    doc: 'How long the host may take to go down after it has accepted a reboot; 0 means no limit.',
    default: '600',
    parse: limit,
  },
  monitoringTimeoutMs: {
    env: 'MONITORING_TIMEOUT_IN_SEC',
    doc: 'After so long, on top of the soak time, a node that is not healthy on its new version has failed to run it; 0 leaves that to the controller. Shorter than that of the controller, which knows no reason.',
    default: '540',
    parse: limit,
  },
  soakMs: {
    env: 'MONITOR_SOAK_TIME_IN_SEC',
    doc: 'How long the node must be healthy without a break after the reboot before the update counts as done.',
    default: '0',
    parse: seconds(),
  },
  readinessPort: {
    env: 'READINESS_PORT',
    doc: 'Port of /readyz. The probe of the manifests asks the default.',
    default: '8081',
    parse: port,
  },
  terminationLog: { env: 'TERMINATION_LOG', doc: 'File for the reason of a failure.', default: '', parse: optional(text) },
  ...LOGGING_CONFIG,
};

/** The settings of the decisions. */
export function settingsOf(config: AgentConfig): AgentSettings {
  const { excludeFromLbWaitMs, updateCheckIntervalMs, stageTimeoutMs, drainTimeoutMs, rebootTimeoutMs, monitoringTimeoutMs, soakMs } =
    config;
  return {
    ...DEFAULT_AGENT_SETTINGS,
    excludeFromLbWaitMs,
    updateCheckIntervalMs,
    stageTimeoutMs,
    drainTimeoutMs,
    rebootTimeoutMs,
    monitoringTimeoutMs,
    soakMs,
  };
}

/** Where the apiserver is. */
export function apiserverUrlOf(config: Pick<AgentConfig, 'apiserverUrl' | 'apiserverPort' | 'namespace'>): string {
  if (config.apiserverUrl !== undefined) return config.apiserverUrl;
  const namespace = config.namespace ?? podNamespace() ?? DEFAULT_NAMESPACE;
  return `https://${APISERVER_SERVICE}.${namespace}.svc.cluster.local:${String(config.apiserverPort)}`;
}

function podNamespace(): string | undefined {
  try {
    return readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/namespace', 'utf8').trim();
  } catch {
    // The agent needs no Kubernetes API, so its pod may well have no such file.
    return undefined;
  }
}
