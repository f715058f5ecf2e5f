import { existsSync } from 'node:fs';
import { areBuilt, fetchSources } from './binaries.ts';
import type { Program } from './binaries.ts';
import { makeCgroup, removeCgroups } from './cgroups.ts';
import { run } from './run.ts';

/** A program that a real cluster is made with, and the Debian package that has it. */
interface Requirement {
  readonly program: string;
  readonly debianPackage: string;
}

const CONTROL_PLANE_REQUIREMENTS: readonly Requirement[] = [
  { program: '/usr/sbin/ip', debianPackage: 'iproute2' },
  { program: '/usr/bin/setpriv', debianPackage: 'util-linux' },
];
const REQUIREMENTS: readonly Requirement[] = [
  ...CONTROL_PLANE_REQUIREMENTS,
  { program: '/usr/bin/containerd', debianPackage: 'containerd' },
  { program: '/usr/bin/ctr', debianPackage: 'containerd' },
  { program: '/usr/sbin/runc', debianPackage: 'runc' },
  { program: '/usr/lib/cni/bridge', debianPackage: 'containernetworking-plugins' },
  { program: '/usr/sbin/iptables', debianPackage: 'iptables' },
  { program: '/usr/bin/nsenter', debianPackage: 'util-linux' },
  { program: '/usr/bin/unshare', debianPackage: 'util-linux' },
  { program: '/usr/bin/buildah', debianPackage: 'buildah' },
];

const INSTALL_TIMEOUT_MS = 600_000;
/** A cgroup that is made and removed again. */
const PROBE = 'brupop-probe';

/**
 * Why no real cluster can run on this machine, and how to fix it; empty if one can.
 * @param install whether to install missing Debian packages
 */
export async function whatIsMissing(install: boolean, report: (line: string) => void, programs: readonly Program[]): Promise<string[]> {
  const wrong = whatIsWrongWithMachine();
  if (wrong.length > 0) return wrong;
  if (install) await installPackages(missingPackages(REQUIREMENTS), report);
  const problems = packageProblems(REQUIREMENTS);
  return problems.length > 0 ? problems : [...(await missingRights(MAKING_NODES)), ...(await missingSources(report, programs))];
}

/** Why no control plane can run on this machine, and how to fix it; empty if one can. Without a build, it must have been built before. */
export async function whatControlPlaneMisses(
  programs: readonly Program[],
  { mayBuild, report }: { readonly mayBuild: boolean; readonly report: (line: string) => void },
): Promise<string[]> {
  const wrong = whatIsWrongWithMachine();
  if (wrong.length > 0) return wrong;
  const problems = packageProblems(CONTROL_PLANE_REQUIREMENTS);
  if (problems.length > 0) return problems;
  if (!mayBuild && !(await areBuilt(programs))) return ['Kubernetes is not built yet; npm run e2e builds it'];
  return [...(await missingRights(MAKING_NETWORKS)), ...(await missingSources(report, programs))];
}

function whatIsWrongWithMachine(): string[] {
  if (process.platform !== 'linux') return [`a real cluster needs Linux, and this is ${process.platform}`];
  if (process.getuid?.() !== 0) return ['a real cluster needs root: it makes namespaces, mounts and network interfaces'];
  if (!existsSync('/sys/fs/cgroup/cgroup.controllers') && !existsSync('/sys/fs/cgroup/memory'))
    return ['no cgroups are mounted on /sys/fs/cgroup'];
  return [];
}

const packageProblems = (requirements: readonly Requirement[]): string[] =>
  missingPackages(requirements).map((name) => `${name} is not installed: apt-get install ${name}, or npm run e2e -- --install`);

type Attempt = readonly [string, () => Promise<unknown>];

const MAKING_NETWORKS: readonly Attempt[] = [
  ['make bridges', () => run('unshare', ['--net', 'ip', 'link', 'add', 'probe', 'type', 'bridge'])],
  ['make cgroups', () => makeCgroup(PROBE).then(() => removeCgroups(PROBE))],
];
const MAKING_NODES: readonly Attempt[] = [
  ['make namespaces', () => run('unshare', ['--mount', '--net', '--pid', '--ipc', '--uts', '--fork', 'true'])],
  ...MAKING_NETWORKS,
];

/** What this root user may not do, as in an unprivileged container. */
async function missingRights(attempts: readonly Attempt[]): Promise<string[]> {
  const problems: string[] = [];
  for (const [what, attempt] of attempts) {
    await attempt().catch((error: unknown) => problems.push(`a real cluster needs to ${what}, and may not: ${String(error)}`));
  }
  return problems;
}

/** Go, and what it builds from, are needed for what has not been built yet. */
async function missingSources(report: (line: string) => void, programs?: readonly Program[]): Promise<string[]> {
  if (await areBuilt(programs)) return [];
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(await run('go', ['env', 'GOVERSION']).catch(() => '')) ?? [];
  if (Number(major) > 1 || Number(minor) >= 26) {
    return await fetchSources(report, programs).then(
      () => [],
      (error: unknown) => [`the source of what a cluster is made of could not be downloaded: ${String(error)}`],
    );
  }
  const found = major === undefined ? 'Go is not installed' : `this is ${major}.${minor ?? ''}`;
  return [`Kubernetes is built from source with Go 1.26 or later, and ${found}: https://go.dev/doc/install`];
}

function missingPackages(requirements: readonly Requirement[]): string[] {
  return [...new Set(requirements.filter(({ program }) => !existsSync(program)).map(({ debianPackage }) => debianPackage))];
}

async function installPackages(packages: readonly string[], report: (line: string) => void): Promise<void> {
  if (packages.length === 0) return;
  report(`installing ${packages.join(', ')}`);
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: INSTALL_TIMEOUT_MS };
  try {
    await run('apt-get', ['update', '--quiet=2'], options);
    await run('apt-get', ['install', '--yes', '--quiet=2', '--no-install-recommends', ...packages], options);
  } catch (error) {
    report(`not installed: ${String(error)}`);
  }
}
