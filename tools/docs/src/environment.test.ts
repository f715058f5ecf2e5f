import { describe, expect, test } from '@jest/globals';
import { CONFIG as AGENT_CONFIG } from '@brupop/agent';
import { CONFIG as APISERVER_CONFIG } from '@brupop/apiserver';
import { parseControllerConfig } from '@brupop/controller';
import { installObjects } from '@brupop/manifests';
import type { Component } from '@brupop/manifests';
import { parseConfig } from '@brupop/process';
import { VARIABLES } from './processes.ts';

/** The part of a workload that defines the environment of a process. */
interface Workload {
  readonly spec?: {
    readonly template?: {
      readonly spec: {
        readonly containers: readonly {
          readonly command: readonly string[];
          readonly env: readonly { readonly name: string; readonly value?: string }[];
        }[];
      };
    };
  };
}

type Env = Readonly<Record<string, string>>;

/** The environment that the manifests give a process. Fields of the pod become a placeholder text. */
function manifestEnv(component: Component): Env {
  const workloads = installObjects({ image: 'brupop' }) as readonly Workload[];
  const containers = workloads.flatMap(({ spec }) => spec?.template?.spec.containers ?? []);
  const own = containers.filter(({ command }) => command[0] === `./${component}`);
  return Object.fromEntries(own.flatMap(({ env }) => env.map(({ name, value }) => [name, value ?? 'from-the-pod'])));
}

const COMPONENTS = ['controller', 'apiserver', 'agent'] as const satisfies readonly Component[];
const namesOf = (component: Component): string[] => VARIABLES[component].map(({ env }) => env);

describe('environment that the manifests set', () => {
  test.each(COMPONENTS)('%s: contains only variables that the process reads', (component) => {
    const set = Object.keys(manifestEnv(component));
    expect(set).not.toEqual([]);
    expect(set.filter((name) => !namesOf(component).includes(name))).toEqual([]);
  });

  test.each<{ component: Component; parse: (env: Env) => { readonly ok: boolean } }>([
    { component: 'controller', parse: parseControllerConfig },
    { component: 'apiserver', parse: (env) => parseConfig(APISERVER_CONFIG, env) },
    { component: 'agent', parse: (env) => parseConfig(AGENT_CONFIG, env) },
  ])('$component: is a valid configuration', ({ component, parse }) => {
    expect(parse(manifestEnv(component))).toMatchObject({ ok: true });
  });
});

describe('defaults', () => {
  test.each(COMPONENTS)('%s: each is accepted by its own parser', (component) => {
    const bad = VARIABLES[component].filter((variable) => variable.default !== undefined && !variable.parse(variable.default).ok);
    expect(bad.map(({ env }) => env)).toEqual([]);
  });
});

/** Names that several processes read. Add one only if it means the same everywhere; otherwise choose another name. */
const SHARED = [
  'LOGGING_ANSI_ENABLED',
  'LOGGING_FORMATTER',
  'METRICS_PORT',
  'MY_NODE_NAME',
  'TERMINATION_LOG',
  'TLS_DIR',
  'TRACING_FILTER_DIRECTIVE',
];

describe('a name that several processes read', () => {
  const all = COMPONENTS.flatMap((component) => VARIABLES[component]);
  const others = all.filter(({ env }, index) => all.findIndex((variable) => variable.env === env) !== index);

  test('is known to have one meaning', () => {
    expect([...new Set(others.map(({ env }) => env))].toSorted()).toEqual(SHARED);
  });

  test.each(SHARED)('%s has one default', (name) => {
    expect(new Set(all.filter(({ env }) => env === name).map((variable) => variable.default)).size).toBe(1);
  });

  test.each(COMPONENTS)('%s: a former name is not the name of another of its variables', (component) => {
    const former = VARIABLES[component].map(({ deprecatedEnv }) => deprecatedEnv);
    expect(namesOf(component).filter((name) => former.includes(name))).toEqual([]);
  });
});

const LOGGING = [
  { env: 'LOGGING_FORMATTER', otherwise: 'pretty' },
  { env: 'LOGGING_ANSI_ENABLED', otherwise: 'false' },
  { env: 'TRACING_FILTER_DIRECTIVE', otherwise: 'info' },
];

describe('environment of Brupop 1.x', () => {
  test.each<{ component: Component; env: string; otherwise: string | undefined }>([
    { component: 'controller', env: 'MY_NODE_NAME', otherwise: undefined },
    { component: 'controller', env: 'MAX_CONCURRENT_UPDATE', otherwise: '1' },
    { component: 'controller', env: 'SCHEDULER_CRON_EXPRESSION', otherwise: '' },
    { component: 'controller', env: 'UPDATE_WINDOW_START', otherwise: '' },
    { component: 'controller', env: 'UPDATE_WINDOW_STOP', otherwise: '' },
    { component: 'agent', env: 'MY_NODE_NAME', otherwise: undefined },
    { component: 'agent', env: 'EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC', otherwise: '0' },
    { component: 'agent', env: 'APISERVER_SERVICE_PORT', otherwise: '443' },
    { component: 'agent', env: 'TERMINATION_LOG', otherwise: '' },
    { component: 'apiserver', env: 'APISERVER_INTERNAL_PORT', otherwise: undefined },
    { component: 'apiserver', env: 'TERMINATION_LOG', otherwise: '' },
    // The agent serves nothing, and the controller's server listens on every address of either family.
    { component: 'apiserver', env: 'KUBERNETES_SERVICE_HOST', otherwise: '' },
    ...COMPONENTS.flatMap((component) => LOGGING.map((variable) => ({ component, ...variable }))),
  ])('$component still reads $env, by default "$otherwise"', ({ component, env, otherwise }) => {
    const variable = VARIABLES[component].find((candidate) => candidate.env === env);
    expect(variable).toBeDefined();
    expect(variable?.default).toBe(otherwise);
  });
});
