import type { Component, InstallOptions } from '@brupop/manifests';

type Env = Readonly<Record<string, string | undefined>>;

/** What the `.env` at the root may set, or every problem with it. */
export type Settings =
  { readonly ok: true; readonly options: InstallOptions } | { readonly ok: false; readonly problems: readonly string[] };

// Variables that are handed on, as they are, to the environment of a component: the component itself judges them.
const CONTROLLER_VARIABLES = ['MAX_CONCURRENT_UPDATE', 'SCHEDULER_CRON_EXPRESSION', 'UPDATE_WINDOW_START', 'UPDATE_WINDOW_STOP'];
const AGENT_VARIABLES = ['EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC'];
const LOGGING_VARIABLES = ['LOGGING_FORMATTER', 'LOGGING_ANSI_ENABLED', 'TRACING_FILTER_DIRECTIVE'];

const IMAGE_VARIABLES = {
  agent: 'BRUPOP_AGENT_IMAGE',
  apiserver: 'BRUPOP_APISERVER_IMAGE',
  controller: 'BRUPOP_CONTROLLER_IMAGE',
} as const;
const CERTIFICATE_SOURCES = ['operator', 'cert-manager', 'provided'] as const;

/** Every variable that is read; a test holds the `.env` to it. */
export const VARIABLES: readonly string[] = [
  ...Object.values(IMAGE_VARIABLES),
  'BRUPOP_CONTAINER_IMAGE',
  'BRUPOP_CONTAINER_IMAGE_PULL_SECRET',
  'NAMESPACE',
  'CERTIFICATES',
  'APISERVER_SERVICE_PORT',
  'APISERVER_INTERNAL_PORT',
  ...AGENT_VARIABLES,
  ...CONTROLLER_VARIABLES,
  ...LOGGING_VARIABLES,
];

/** Reads the settings. An empty value is the same as none. */
export function parseSettings(env: Env): Settings {
  const problems = Object.keys(env)
    .filter((name) => !VARIABLES.includes(name))
    .map((name) => `${name}: not a known variable`);
  const read = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const problem = (name: string, expected: string): void => {
    problems.push(`${name}: expected ${expected}, got ${JSON.stringify(env[name] ?? '')}`);
  };
  const port = (name: string, otherwise: number): number => {
    const value = read(name) ?? String(otherwise);
    if (!/^\d{1,5}$/.test(value) || Number(value) < 1 || Number(value) > 65_535) problem(name, 'a port of 1 to 65535');
    return Number(value);
  };
  const chosen = (names: readonly string[]): Record<string, string> =>
    Object.fromEntries([...names, ...LOGGING_VARIABLES].flatMap((name) => (read(name) === undefined ? [] : [[name, read(name) ?? '']])));

  const imageOf = (component: Component): string => {
    const name = IMAGE_VARIABLES[component];
    if (read(name) === undefined) problem(name, 'an image, unless BRUPOP_CONTAINER_IMAGE names one for all');
    return read(name) ?? '';
  };
  const image = read('BRUPOP_CONTAINER_IMAGE') ?? {
    agent: imageOf('agent'),
    apiserver: imageOf('apiserver'),
    controller: imageOf('controller'),
  };
  const source = read('CERTIFICATES') ?? 'operator';
  const certificates = CERTIFICATE_SOURCES.find((known) => known === source);
  if (certificates === undefined) problem('CERTIFICATES', '"operator", "cert-manager" or "provided"');
  const namespace = read('NAMESPACE');
  const pullSecret = read('BRUPOP_CONTAINER_IMAGE_PULL_SECRET');
  const options: InstallOptions = {
    image,
    ...(namespace === undefined ? {} : { namespace }),
    ...(pullSecret === undefined ? {} : { imagePullSecrets: [pullSecret] }),
    ...(certificates === undefined ? {} : { certificates }),
    apiserverServicePort: port('APISERVER_SERVICE_PORT', 443),
    apiserverInternalPort: port('APISERVER_INTERNAL_PORT', 8443),
    env: { agent: chosen(AGENT_VARIABLES), apiserver: chosen([]), controller: chosen(CONTROLLER_VARIABLES) },
  };
  return problems.length === 0 ? { ok: true, options } : { ok: false, problems };
}
