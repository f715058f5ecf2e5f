import { readFileSync } from 'node:fs';
import { APISERVER_SERVICE, DEFAULT_NAMESPACE } from '@brupop/crd-models';
import {
  ipAddress,
  LOGGING_CONFIG,
  optional,
  port,
  seconds,
  text,
  url,
  withRule,
  type ConfigSpec,
  type LoggingConfig,
} from '@brupop/process';
import { DEFAULT_AGENT_SETTINGS, type AgentSettings } from '@brupop/state-machine';

/** The settings of the agent. */
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

const timeout = seconds();

/** Seconds, of which 0 means no limit. */
const limit = withRule<number>(timeout.rule ?? { words: [] }, (given) => {
  const parsed = timeout(given);
  return parsed.ok && parsed.value === 0 ? { ok: true, value: Infinity } : parsed;
});

/** The environment variables of the agent. */
export const CONFIG: ConfigSpec<AgentConfig> = {
  nodeName: { env: 'MY_NODE_NAME', doc: 'Name of the Node that the agent runs on.', parse: text },
  namespace: {
    env: 'MY_NAMESPACE',
    doc: "Namespace of the apiserver. Default: that of the pod's ServiceAccount.",
    default: '',
    parse: optional(text),
  },
  apiserverUrl: {
    env: 'APISERVER_URL',
    doc: 'URL of the apiserver. Default: that of its Service.',
    default: '',
    parse: optional(url),
  },
  apiserverPort: { env: 'APISERVER_SERVICE_PORT', doc: "Port of the apiserver's Service.", default: '443', parse: port },
  apiserverAddress: {
    env: 'BRUPOP_APISERVER_SERVICE_HOST',
    doc: "IP address of the apiserver's Service, used when DNS does not answer. Set by the kubelet.",
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
    doc: "Directory of `ca.crt`, which verifies the apiserver's certificate.",
    default: '/etc/brupop-tls-keys',
    parse: text,
  },
  hostSocket: { env: 'BOTTLEROCKET_API_SOCKET', doc: 'Unix socket of the Bottlerocket API.', default: '/run/api.sock', parse: text },
  bootIdPath: { env: 'BOOT_ID_PATH', doc: "File of the kernel's boot id.", default: '/proc/sys/kernel/random/boot_id', parse: text },
  excludeFromLbWaitMs: {
    env: 'EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC',
    doc: 'How long a node is excluded from external load balancers before it is drained; 0 means that it is not excluded.',
    default: '0',
    parse: seconds(),
  },
  updateCheckIntervalMs: {
    env: 'UPDATE_CHECK_INTERVAL_IN_SEC',
    doc: 'How often an idle host checks for a new version.',
    default: '120',
    parse: seconds({ min: 10 }),
  },
  stageTimeoutMs: {
    env: 'AGENT_STAGE_TIMEOUT_IN_SEC',
    deprecatedEnv: 'STAGE_TIMEOUT_IN_SEC',
    doc: 'How long the agent retries a failing download or activation before it reports the update as failed; 0 means no limit. Must be shorter than `STAGE_TIMEOUT_IN_SEC`.',
    default: '1500',
    parse: limit,
  },
  drainTimeoutMs: {
    env: 'AGENT_DRAIN_TIMEOUT_IN_SEC',
    deprecatedEnv: 'DRAIN_TIMEOUT_IN_SEC',
    doc: 'How long the agent waits for a drain before it restores the node; 0 means that only `DRAIN_TIMEOUT_SECONDS` limits the drain.',
    default: '0',
    parse: limit,
  },
  rebootTimeoutMs: {
    env: 'HOST_SHUTDOWN_TIMEOUT_IN_SEC',
    deprecatedEnv: 'REBOOT_TIMEOUT_IN_SEC',
    doc: 'How long the host may take to shut down after it accepted a reboot; 0 means no limit.',
    default: '600',
    parse: limit,
  },
  monitoringTimeoutMs: {
    env: 'AGENT_MONITORING_TIMEOUT_IN_SEC',
    deprecatedEnv: 'MONITORING_TIMEOUT_IN_SEC',
    doc: 'How long, in addition to `AGENT_SOAK_TIME_IN_SEC`, the agent monitors an unhealthy node before it reports that the version failed; 0 means that only `MONITORING_TIMEOUT_IN_SEC` limits the monitoring. Must be shorter than that.',
    default: '540',
    parse: limit,
  },
  soakMs: {
    env: 'AGENT_SOAK_TIME_IN_SEC',
    deprecatedEnv: 'MONITOR_SOAK_TIME_IN_SEC',
    doc: 'How long the node must be continuously healthy after the reboot before the agent reports the update as done.',
    default: '0',
    parse: seconds(),
  },
  readinessPort: {
    env: 'READINESS_PORT',
    doc: 'Port of `/readyz`. The readiness probe of the manifests uses the default.',
    default: '8081',
    parse: port,
  },
  terminationLog: {
    env: 'TERMINATION_LOG',
    doc: 'File to which the process writes why it failed, for `kubectl describe pod`.',
    default: '',
    parse: optional(text),
  },
  ...LOGGING_CONFIG,
};

/** The part of the settings that decisions depend on. */
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

/** The URL of the apiserver. */
export function apiserverUrlOf(config: Pick<AgentConfig, 'apiserverUrl' | 'apiserverPort' | 'namespace'>): string {
  if (config.apiserverUrl !== undefined) return config.apiserverUrl;
  const namespace = config.namespace ?? podNamespace() ?? DEFAULT_NAMESPACE;
  return `https://${APISERVER_SERVICE}.${namespace}.svc.cluster.local:${String(config.apiserverPort)}`;
}

function podNamespace(): string | undefined {
  try {
    return readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/namespace', 'utf8').trim();
  } catch {
    // The agent does not use the Kubernetes API, so its pod may have no such file.
    return undefined;
  }
}
