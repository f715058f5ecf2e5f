import { existsSync } from 'node:fs';
import { areBuilt, fetchSources } from './binaries.ts';
import { makeCgroup, removeCgroups } from './cgroups.ts';
import { run } from './run.ts';

/** A program that a real cluster is made with, and the Debian package that has it. */
interface Requirement {
  readonly program: string;
  readonly debianPackage: string;
}

const REQUIREMENTS: readonly Requirement[] = [
  { program: '/usr/bin/containerd', debianPackage: 'containerd' },
  { program: '/usr/bin/ctr', debianPackage: 'containerd' },
  { program: '/usr/sbin/runc', debianPackage: 'runc' },
  { program: '/usr/lib/cni/bridge', debianPackage: 'containernetworking-plugins' },
  { program: '/usr/sbin/ip', debianPackage: 'iproute2' },
  { program: '/usr/sbin/iptables', debianPackage: 'iptables' },
  { program: '/usr/bin/nsenter', debianPackage: 'util-linux' },
  { program: '/usr/bin/unshare', debianPackage: 'util-linux' },
  { program: '/usr/bin/buildah', debianPackage: 'buildah' },
];

const INSTALL_TIMEOUT_MS = 600_000;
/** A cgroup that is made and removed again. */
const PROBE = 'brupop-probe';

/**
 * Why no real cluster can run on this machine, with what would help; empty if one can.
 * @param install whether to install what Debian has
 */
export async function whatIsMissing(install: boolean, report: (line: string) => void): Promise<string[]> {
  if (process.platform !== 'linux') return [`a real cluster needs Linux, and this is ${process.platform}`];
  if (process.getuid?.() !== 0) return ['a real cluster needs root: it makes namespaces, mounts and network interfaces'];
  if (!existsSync('/sys/fs/cgroup/cgroup.controllers') && !existsSync('/sys/fs/cgroup/memory'))
    return ['no cgroups are mounted on /sys/fs/cgroup'];
  if (install) await installPackages(missingPackages(), report);
  const problems = missingPackages().map((name) => `${name} is not installed: apt-get install ${name}, or npm run e2e -- --install`);
  return problems.length > 0 ? problems : [...(await missingRights()), ...(await missingSources(report))];
}

/** What this root may not do, as in a container that is not privileged. */
async function missingRights(): Promise<string[]> {
  const attempts: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['make namespaces', () => run('unshare', ['--mount', '--net', '--pid', '--ipc', '--uts', '--fork', 'true'])],
    ['make bridges', () => run('unshare', ['--net', 'ip', 'link', 'add', 'probe', 'type', 'bridge'])],
    ['make cgroups', () => makeCgroup(PROBE).then(() => removeCgroups(PROBE))],
  ];
  const problems: string[] = [];
  for (const [what, attempt] of attempts) {
    await attempt().catch((error: unknown) => problems.push(`a real cluster needs to ${what}, and may not: ${String(error)}`));
  }
  return problems;
}

/** Go, and what it builds from, are needed for what has not been built yet. */
async function missingSources(report: (line: string) => void): Promise<string[]> {
  if (await areBuilt()) return [];
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(await run('go', ['env', 'GOVERSION']).catch(() => '')) ?? [];
  if (Number(major) > 1 || Number(minor) >= 26) {
    return await fetchSources(report).then(
      () => [],
      (error: unknown) => [`the source of what a cluster is made of could not be downloaded: ${String(error)}`],
    );
  }
  const found = major === undefined ? 'there is none' : `this is ${major}.${minor ?? ''}`;
  return [`Kubernetes is built from source with Go 1.26 or later, and ${found}: https://go.dev/doc/install`];
}

function missingPackages(): string[] {
  return [...new Set(REQUIREMENTS.filter(({ program }) => !existsSync(program)).map(({ debianPackage }) => debianPackage))];
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
