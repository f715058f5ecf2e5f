import { METRICS_PORT } from '@brupop/manifests';
import type { Component, InstallOptions } from '@brupop/manifests';
import { componentProblems } from './component-problems.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The settings of the `.env` at the root, or all of its problems. */
export type Settings =
  { readonly ok: true; readonly options: InstallOptions } | { readonly ok: false; readonly problems: readonly string[] };

const IMAGE_VARIABLES = {
  agent: 'BRUPOP_AGENT_IMAGE',
  apiserver: 'BRUPOP_APISERVER_IMAGE',
  controller: 'BRUPOP_CONTROLLER_IMAGE',
} as const;
const LOGGING_VARIABLES = ['LOGGING_FORMATTER', 'LOGGING_ANSI_ENABLED', 'TRACING_FILTER_DIRECTIVE'];

/** Variables that are passed on unchanged to the environment of a component, whose own parsers validate them. */
const COMPONENT_VARIABLES: Readonly<Record<Component, readonly string[]>> = {
  agent: ['EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC', ...LOGGING_VARIABLES],
  apiserver: ['DRAIN_TIMEOUT_SECONDS', 'DRAIN_TIMEOUT_ACTION', ...LOGGING_VARIABLES],
  controller: [
    ...['MAX_CONCURRENT_UPDATE', 'MAX_UNAVAILABLE', 'SCHEDULER_CRON_EXPRESSION', 'UPDATE_WINDOW_START', 'UPDATE_WINDOW_STOP'],
    ...['MAX_FAILED_NODES', 'SOAK_TIME_IN_SEC'],
    ...LOGGING_VARIABLES,
  ],
};

const CERTIFICATE_SOURCES = ['operator', 'cert-manager', 'provided'] as const;

/** Every variable that is read; a test compares `.env` with it. */
export const VARIABLES: readonly string[] = [
  ...Object.values(IMAGE_VARIABLES),
  'BRUPOP_CONTAINER_IMAGE',
  'BRUPOP_CONTAINER_IMAGE_PULL_SECRET',
  'NAMESPACE',
  'CERTIFICATES',
  'NETWORK_POLICY',
  'ADMISSION_POLICY',
  'APISERVER_SERVICE_PORT',
  'APISERVER_INTERNAL_PORT',
  ...new Set(Object.values(COMPONENT_VARIABLES).flat()),
];

// https://pkg.go.dev/github.com/distribution/reference: host, path, tag, digest.
/** The form of an image name. */
export const IMAGE: RegExp = /^[a-zA-Z0-9][\w.-]*(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:\w[\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/;
/** The form of a namespace name. */
export const LABEL: RegExp = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** Parses the settings. An empty value means none. */
export function parseSettings(env: Env): Settings {
  const problems = Object.keys(env)
    .filter((name) => !VARIABLES.includes(name))
    .map((name) => `${name}: not a known variable`);
  const read = (name: string): string | undefined => (env[name]?.trim() === '' ? undefined : env[name]?.trim());
  const problem = (name: string, expected: string): void => {
    problems.push(`${name}: expected ${expected}, got ${JSON.stringify(env[name] ?? '')}`);
  };
  const matching = (name: string, pattern: RegExp, expected: string): string | undefined => {
    const value = read(name);
    if (value !== undefined && !pattern.test(value)) problem(name, expected);
    return value;
  };
  const port = (name: string, otherwise: number): number => {
    const value = read(name) ?? String(otherwise);
    if (!/^\d{1,5}$/.test(value) || Number(value) < 1 || Number(value) > 65_535) problem(name, 'a port of 1 to 65535');
    return Number(value);
  };
  const chosen = (component: Component): Record<string, string> =>
    Object.fromEntries(COMPONENT_VARIABLES[component].flatMap((name) => (read(name) === undefined ? [] : [[name, read(name) ?? '']])));

  const imageOf = (component: Component): string => {
    const name = IMAGE_VARIABLES[component];
    if (read(name) === undefined) problem(name, 'an image, unless BRUPOP_CONTAINER_IMAGE names one for all');
    return matching(name, IMAGE, 'an image, such as registry.example.com/brupop-agent:v2.0.0') ?? '';
  };
  const image = matching('BRUPOP_CONTAINER_IMAGE', IMAGE, 'an image, such as registry.example.com/brupop:v2.0.0') ?? {
    agent: imageOf('agent'),
    apiserver: imageOf('apiserver'),
    controller: imageOf('controller'),
  };
  const certificates = CERTIFICATE_SOURCES.find((known) => known === (read('CERTIFICATES') ?? 'operator'));
  if (certificates === undefined) problem('CERTIFICATES', '"operator", "cert-manager" or "provided"');
  const flag = (name: string): boolean => {
    const value = read(name) ?? 'true';
    if (!['true', 'false'].includes(value)) problem(name, 'true or false');
    return value === 'true';
  };
  const namespace = matching('NAMESPACE', LABEL, 'a name of lower-case letters, digits and hyphens');
  const pullSecret = matching('BRUPOP_CONTAINER_IMAGE_PULL_SECRET', SUBDOMAIN, 'the name of a Secret');
  const apiserverInternalPort = port('APISERVER_INTERNAL_PORT', 8443);
  if (apiserverInternalPort === METRICS_PORT) problem('APISERVER_INTERNAL_PORT', 'another port than that of the metrics');
  const options: InstallOptions = {
    image,
    ...(namespace === undefined ? {} : { namespace }),
    ...(pullSecret === undefined ? {} : { imagePullSecrets: [pullSecret] }),
    certificates: certificates ?? 'operator',
    networkPolicy: flag('NETWORK_POLICY'),
    admissionPolicy: flag('ADMISSION_POLICY'),
    apiserverServicePort: port('APISERVER_SERVICE_PORT', 443),
    apiserverInternalPort,
    env: { agent: chosen('agent'), apiserver: chosen('apiserver'), controller: chosen('controller') },
  };
  problems.push(...componentProblems(options).filter((line) => !problems.some((known) => known.startsWith(nameIn(line)))));
  return problems.length === 0 ? { ok: true, options } : { ok: false, problems };
}

function nameIn(problem: string): string {
  return problem.slice(0, problem.indexOf(':') + 1);
}
