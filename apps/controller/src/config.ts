import { isIP } from 'node:net';
import { DEFAULT_POLICY } from '@brupop/certificates';
import {
  integer,
  LOGGING_CONFIG,
  oneOf,
  optional,
  parseConfig,
  port,
  seconds,
  text,
  withRule,
  type ConfigResult,
  type ConfigSpec,
  type LoggingConfig,
  type TextRule,
} from '@brupop/process';
import {
  CRON_PATTERN,
  DEFAULT_TIMEOUTS,
  parseWindow,
  TIME_OF_DAY_PATTERN,
  type FleetPolicy,
  type MaxUnavailable,
} from '@brupop/state-machine';

/** The settings, one for each environment variable. */
export interface ControllerSettings extends LoggingConfig {
  readonly nodeName: string;
  readonly maxConcurrentUpdates: number | 'unlimited';
  readonly maxUnavailable: MaxUnavailable | undefined;
  readonly maxFailedNodes: number | 'unlimited';
  readonly cronExpression: string | undefined;
  readonly windowStart: string | undefined;
  readonly windowStop: string | undefined;
  readonly stageTimeoutMs: number;
  readonly rebootTimeoutMs: number;
  readonly monitoringTimeoutMs: number;
  readonly recoveryTimeoutMs: number;
  readonly soakMs: number;
  readonly certificates: CertificateSource;
  readonly certificateNames: readonly string[];
  readonly certificatePropagationMs: number;
  readonly metricsPort: number;
  readonly terminationLog: string | undefined;
}

const positive = integer({ min: 1 });
const POSITIVE: TextRule = { integer: { min: 1, max: Number.MAX_SAFE_INTEGER } };
const COUNT: TextRule = { anyOf: [POSITIVE, { words: ['unlimited'], anyCase: true }] };
const UNAVAILABLE: TextRule = { anyOf: [POSITIVE, { pattern: '0*([1-9][0-9]?|100)%' }] };

const count = withRule<number | 'unlimited'>(COUNT, (given) => {
  if (given.toLowerCase() === 'unlimited') return { ok: true, value: 'unlimited' };
  const parsed = positive(given);
  return parsed.ok ? parsed : { ok: false, expected: 'a positive integer or "unlimited"' };
});

const unavailable = withRule<MaxUnavailable>(UNAVAILABLE, (given) => {
  const percentage = /^(\d+)%$/.exec(given)?.[1];
  const parsed = integer({ min: 1, ...(percentage === undefined ? {} : { max: 100 }) })(percentage ?? given);
  if (!parsed.ok) return { ok: false, expected: 'a positive integer or a percentage from 1% to 100%' };
  return { ok: true, value: percentage === undefined ? { count: parsed.value } : { percent: parsed.value } };
});

// `parseWindow` validates these together.
const cron = withRule({ pattern: CRON_PATTERN }, text);
const timeOfDay = withRule({ pattern: TIME_OF_DAY_PATTERN }, text);

/** What issues the certificates: the controller, cert-manager, or something else (`provided`). */
export type CertificateSource = 'operator' | 'cert-manager' | 'provided';

const NAME = /^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/i;

const names = withRule<readonly string[]>({ pattern: '[-a-zA-Z0-9.:*%, \\t]*' }, (given) => {
  if (given === '') return { ok: true, value: [] };
  const value = given.split(',').map((name) => name.trim());
  const valid = value.every((name) => isIP(name) !== 0 || NAME.test(name));
  return valid ? { ok: true, value } : { ok: false, expected: 'DNS names and IP addresses, separated by commas' };
});

const asSeconds = (ms: number): string => String(ms / 1_000);

/** Every environment variable of the controller. */
export const CONTROLLER_CONFIG: ConfigSpec<ControllerSettings> = {
  nodeName: { env: 'MY_NODE_NAME', doc: 'Name of the Node that the controller runs on. It is updated last.', parse: text },
  maxConcurrentUpdates: {
    env: 'MAX_CONCURRENT_UPDATE',
    doc: 'Maximum number of nodes updated at the same time, or `unlimited`; the last schedulable node reboots only once another is back.',
    default: '1',
    parse: count,
  },
  maxUnavailable: {
    env: 'MAX_UNAVAILABLE',
    doc: 'Maximum number or percentage of managed nodes that may be unavailable, for any reason, when an update starts. Empty: no limit.',
    default: '',
    parse: optional(unavailable),
  },
  maxFailedNodes: {
    env: 'MAX_FAILED_NODES',
    doc: 'Nodes that may fail to run a version before no further update to it starts, unless more nodes run it than have failed; or `unlimited`.',
    default: '3',
    parse: count,
  },
  cronExpression: {
    env: 'SCHEDULER_CRON_EXPRESSION',
    doc: 'When updates may start, in UTC: `sec min hour day-of-month month day-of-week year`, 1 = Sunday. Empty means always.',
    default: '',
    parse: optional(cron),
  },
  windowStart: {
    env: 'UPDATE_WINDOW_START',
    doc: 'Start of the daily update window, `hour:minute:second` in UTC, instead of a cron expression.',
    default: '',
    parse: optional(timeOfDay),
  },
  windowStop: {
    env: 'UPDATE_WINDOW_STOP',
    doc: 'End of the daily update window; nothing starts in its last 6 minutes. `0:0:0` for both start and end: always open.',
    default: '',
    parse: optional(timeOfDay),
  },
  stageTimeoutMs: {
    env: 'STAGE_TIMEOUT_IN_SEC',
    doc: 'Staging timeout, after which the update is given up and the slot is released. Must be longer than `AGENT_STAGE_TIMEOUT_IN_SEC`, so that the agent reports the cause.',
    default: asSeconds(DEFAULT_TIMEOUTS.stagedMs),
    parse: seconds({ min: 1 }),
  },
  rebootTimeoutMs: {
    env: 'REBOOT_TIMEOUT_IN_SEC',
    doc: 'Time after which a node that has not drained, rebooted and returned counts as stuck.',
    default: asSeconds(DEFAULT_TIMEOUTS.rebootedMs),
    parse: seconds({ min: 1 }),
  },
  monitoringTimeoutMs: {
    env: 'MONITORING_TIMEOUT_IN_SEC',
    doc: 'Time, on top of `SOAK_TIME_IN_SEC`, after which monitoring of an updated node ends and counts as a failure of its version. Must be longer than `AGENT_MONITORING_TIMEOUT_IN_SEC` plus `AGENT_SOAK_TIME_IN_SEC`.',
    default: asSeconds(DEFAULT_TIMEOUTS.monitoringMs),
    parse: seconds({ min: 1 }),
  },
  recoveryTimeoutMs: {
    env: 'RECOVERY_TIMEOUT_IN_SEC',
    doc: 'Time after which a node that has not cleaned up after an update counts as stuck.',
    default: asSeconds(DEFAULT_TIMEOUTS.recoveryMs),
    parse: seconds({ min: 1 }),
  },
  soakMs: {
    env: 'SOAK_TIME_IN_SEC',
    doc: 'How long an updated node must have been Ready before its update counts as done.',
    default: '0',
    parse: seconds(),
  },
  certificates: {
    env: 'CERTIFICATES',
    doc: 'What issues and renews the certificates: `operator` (the controller), `cert-manager`, or `provided` (another tool).',
    default: 'operator',
    parse: oneOf('operator', 'cert-manager', 'provided'),
  },
  certificateNames: {
    env: 'CERTIFICATE_NAMES',
    doc: "Additional DNS names and IP addresses for the apiserver's certificate, separated by commas; for example those of another cluster domain.",
    default: '',
    parse: names,
  },
  certificatePropagationMs: {
    env: 'CERTIFICATE_PROPAGATION_IN_SEC',
    doc: 'Maximum time until all pods that mount a changed Secret use it. A new authority signs nothing before that.',
    default: asSeconds(DEFAULT_POLICY.propagationMs),
    parse: seconds({ min: 1 }),
  },
  metricsPort: {
    env: 'METRICS_PORT',
    doc: 'Port of the plain-HTTP server of `/metrics`, `/plan`, `/healthz` and `/readyz`.',
    default: '8080',
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

/** A valid configuration, or every problem with it. */
export type ParsedControllerConfig =
  | (Extract<ConfigResult<ControllerSettings>, { ok: true }> & { readonly policy: FleetPolicy })
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Reads the environment. Problems with single variables and with their combination are reported together.
 * @param now milliseconds since the epoch; a window that never opens after it is a problem
 */
export function parseControllerConfig(env: Readonly<Record<string, string | undefined>>, now: number = Date.now()): ParsedControllerConfig {
  const parsed = parseConfig(CONTROLLER_CONFIG, env);
  const window = parseWindow(env, now);
  if (!parsed.ok || !window.ok) {
    return { ok: false, problems: [...(parsed.ok ? [] : parsed.problems), ...(window.ok ? [] : window.problems)] };
  }
  const { config } = parsed;
  const policy: FleetPolicy = {
    maxConcurrentUpdates: config.maxConcurrentUpdates,
    ...(config.maxUnavailable === undefined ? {} : { maxUnavailable: config.maxUnavailable }),
    ...(config.maxFailedNodes === 'unlimited' ? {} : { maxFailedNodes: config.maxFailedNodes }),
    window: window.window,
    timeouts: {
      stagedMs: config.stageTimeoutMs,
      rebootedMs: config.rebootTimeoutMs,
      monitoringMs: config.monitoringTimeoutMs,
      recoveryMs: config.recoveryTimeoutMs,
    },
    soakMs: config.soakMs,
  };
  return { ...parsed, policy };
}
