import { CONFIG as AGENT } from '@brupop/agent';
import { CONFIG as APISERVER } from '@brupop/apiserver';
import { parseControllerConfig } from '@brupop/controller';
import { installObjects } from '@brupop/manifests';
import type { InstallOptions } from '@brupop/manifests';
import { parseConfig } from '@brupop/process';

type Env = Readonly<Record<string, string>>;
type Parse = (env: Env) => { readonly ok: true } | { readonly ok: false; readonly problems: readonly string[] };

/** The parser of each component's environment, by its command. */
const PARSERS: Readonly<Record<string, Parse>> = {
  './agent': (env) => parseConfig(AGENT, env),
  './apiserver': (env) => parseConfig(APISERVER, env),
  './controller': parseControllerConfig,
};

interface Workload {
  readonly spec?: { readonly template?: { readonly spec: { readonly containers: readonly Container[] } } };
}

interface Container {
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}

/** The problems that the components would report about the environment in the manifest, each once. */
export function componentProblems(options: InstallOptions): readonly string[] {
  const workloads = installObjects(options) as readonly Workload[];
  const containers = workloads.flatMap(({ spec }) => spec?.template?.spec.containers ?? []);
  const problems = containers.flatMap(({ command, env }) => {
    const parsed = PARSERS[command[0] ?? '']?.(Object.fromEntries(env.map(({ name, value }) => [name, value ?? 'of-the-pod'])));
    return parsed === undefined || parsed.ok ? [] : parsed.problems;
  });
  return [...new Set(problems)];
}
