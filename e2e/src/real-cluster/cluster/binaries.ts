import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from './run.ts';

/** Programs of the cluster. */
export type Program =
  | 'coredns'
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-proxy'
  | 'kube-scheduler'
  | 'kubectl'
  | 'kubelet'
  | 'prometheus'
  | 'promtool'
  | 'testpod';

/** Where each program is. */
export type Binaries<P extends Program = Program> = Readonly<Record<P, string>>;

interface GoModule {
  readonly name: string;
  /** A target of `go build`: tools that its go.mod names, or its own package. */
  readonly target: 'tool' | '.';
  readonly programs: readonly Program[];
  /** Build tags. */
  readonly tags?: string;
}

const MODULES: readonly GoModule[] = [
  { name: 'testpod', target: '.', programs: ['testpod'] },
  { name: 'etcd', target: 'tool', programs: ['etcd'] },
  { name: 'coredns', target: '.', programs: ['coredns'] },
  // Only the service discovery that is tested; and no web pages, which would have to be built first.
  { name: 'prometheus', target: 'tool', programs: ['prometheus', 'promtool'], tags: 'remove_all_sd,enable_kubernetes_sd' },
  {
    name: 'kubernetes',
    target: 'tool',
    programs: ['kubectl', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'kubelet'],
  },
];

const ALL: readonly Program[] = MODULES.flatMap(({ programs }) => programs);
const MONITORING: readonly Program[] = ['prometheus', 'promtool'];
/** The programs of every cluster with nodes. */
export const CLUSTER_PROGRAMS: readonly Program[] = ALL.filter((program) => !MONITORING.includes(program));

const SOURCES = resolve(import.meta.dirname, '../../../kubernetes');
const STRIP = '-s -w';
const DOWNLOAD_TIMEOUT_MS = 15 * 60_000;
// A build continues while it prints, however slow the machine is. Linking prints nothing, and takes a minute on an idle machine.
const BUILD_SILENCE_MS = 20 * 60_000;
const GO_ENVIRONMENT = { CGO_ENABLED: '0', GOFLAGS: '' };

const flagsOf = ({ tags = '' }: GoModule): readonly string[] => ['-mod=readonly', `-tags=${tags}`];

/** `$XDG_CACHE_HOME/brupop-e2e`, with a separate folder for each state of go.mod and the sources. */
function cacheRoot(): string {
  const { XDG_CACHE_HOME } = process.env;
  return join(XDG_CACHE_HOME === undefined || XDG_CACHE_HOME === '' ? join(homedir(), '.cache') : XDG_CACHE_HOME, 'brupop-e2e');
}

/**
 * The programs of the cluster, built from Go modules unless the cache has these versions.
 * A cold build of all takes about ten minutes on two cores.
 * @param report receives what is being built, and how long it took
 */
export async function provideBinaries<P extends Program = Program>(
  report: (line: string) => void,
  signal: AbortSignal,
  programs: readonly P[] = ALL as readonly P[],
): Promise<Binaries<P>> {
  const found: [Program, string][] = [];
  for (const module of modulesOf(programs)) {
    const directory = await directoryOf(module);
    if (!existsSync(directory)) await build(module, directory, report, signal);
    for (const program of module.programs) found.push([program, join(directory, program)]);
  }
  return Object.fromEntries(found) as Binaries<P>;
}

/** Whether the cache has all of these. */
export async function areBuilt(programs: readonly Program[] = ALL): Promise<boolean> {
  return (await Promise.all(modulesOf(programs).map(directoryOf))).every((directory) => existsSync(directory));
}

/** Downloads the sources, so that an unreachable registry is not reported as a failed build. @throws Error with the output of `go` */
export async function fetchSources(report: (line: string) => void, programs: readonly Program[] = ALL): Promise<void> {
  for (const module of modulesOf(programs)) {
    if (existsSync(await directoryOf(module))) continue;
    report(`downloading the source of ${module.name}`);
    await run('go', ['list', '-deps', ...flagsOf(module), module.target], {
      cwd: join(SOURCES, module.name),
      env: GO_ENVIRONMENT,
      timeoutMs: DOWNLOAD_TIMEOUT_MS,
    });
  }
}

const modulesOf = (programs: readonly Program[]): readonly GoModule[] =>
  MODULES.filter((module) => module.programs.some((program) => programs.includes(program)));

const directoryOf = async (module: GoModule): Promise<string> => join(cacheRoot(), `${module.name}-${await digestOf(module)}`);

/** Depends on the versions, the checksums and the sources, and on the build tags. */
async function digestOf({ name, tags = '' }: GoModule): Promise<string> {
  const hash = createHash('sha256').update(process.arch).update(tags);
  for (const file of (await readdir(join(SOURCES, name))).sort()) hash.update(file).update(await readFile(join(SOURCES, name, file)));
  return hash.digest('hex').slice(0, 12);
}

async function build(module: GoModule, directory: string, report: (line: string) => void, signal: AbortSignal): Promise<void> {
  const { name, target } = module;
  const startedMs = performance.now();
  report(`building ${name} from source`);
  await mkdir(cacheRoot(), { recursive: true });
  // Atomic: the folder appears complete, even if another process builds the same, or a build is interrupted.
  const unfinished = await mkdtemp(join(cacheRoot(), 'unfinished-'));
  try {
    const flags = ['-trimpath', ...flagsOf(module), `-ldflags=${await linkerFlags(name)}`];
    await run('go', ['build', '-v', ...flags, '-o', `${unfinished}/`, target], {
      cwd: join(SOURCES, name),
      env: GO_ENVIRONMENT,
      timeoutMs: Infinity,
      silenceMs: BUILD_SILENCE_MS,
      signal,
    });
    await nameAfterTool(unfinished);
    await rename(unfinished, directory).catch((error: unknown) => {
      if (!existsSync(directory)) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  report(`built ${name} in ${Math.round((performance.now() - startedMs) / 1000)} s`);
}

/** Without a version stamped in, kubectl refuses to compare itself with the server, and Prometheus does not know which it is. */
async function linkerFlags(name: string): Promise<string> {
  const goMod = await readFile(join(SOURCES, name, 'go.mod'), 'utf8');
  const stamp = (key: string, value = ''): string => `-X ${key}=${value}`;
  const [, version = '', major, minor] = /k8s\.io\/kubernetes v((\d+)\.(\d+)\.\S+)/.exec(goMod) ?? [];
  if (name === 'kubernetes') {
    const of = 'k8s.io/component-base/version';
    return [STRIP, stamp(`${of}.gitVersion`, `v${version}`), stamp(`${of}.gitMajor`, major), stamp(`${of}.gitMinor`, minor)].join(' ');
  }
  if (name === 'prometheus') return `${STRIP} ${stamp('github.com/prometheus/common/version.Version', prometheusVersion(goMod))}`;
  return STRIP;
}

/** Prometheus 3.5.1 is v0.305.1 of its Go module. */
function prometheusVersion(goMod: string): string {
  const [, major, minor, patch] = /prometheus\/prometheus v0\.(\d)(\d\d)\.(\d+)/.exec(goMod) ?? [];
  return `${major ?? ''}.${Number(minor)}.${patch ?? ''}`;
}

/** Go names etcd after the folder of its main package. */
async function nameAfterTool(directory: string): Promise<void> {
  if (existsSync(join(directory, 'server'))) await rename(join(directory, 'server'), join(directory, 'etcd'));
}
