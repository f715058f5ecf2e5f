import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep, systemClock } from '@brupop/ports';

const ROOT = '/sys/fs/cgroup';
// Of version 1; `unified` is the hierarchy of version 2 that may stand beside them, in which container runtimes make cgroups, too.
const CONTROLLERS = ['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids', 'systemd', 'unified'];
const UNIFIED = existsSync(join(ROOT, 'cgroup.controllers'));
const KILL_ROUNDS = 100;
const KILL_PAUSE_MS = 50;

/** The mounted hierarchies: one with cgroup v2, else one a controller. */
function hierarchies(): string[] {
  return UNIFIED ? [ROOT] : CONTROLLERS.map((controller) => join(ROOT, controller)).filter((path) => existsSync(path));
}

/** Makes the cgroup `path` in every hierarchy, ready to hold processes and more cgroups. */
export async function makeCgroup(path: string): Promise<void> {
  for (const hierarchy of hierarchies()) {
    let at = hierarchy;
    for (const part of path.split('/')) {
      if (UNIFIED) await enableControllers(at);
      at = join(at, part);
      await mkdir(at, { recursive: true });
      // A new cpuset may use nothing, and takes no process until it may.
      if (hierarchy.endsWith('/cpuset')) await inheritCpuset(at);
    }
  }
}

/** Files to which a process writes its id to enter the cgroup `path`. */
export function procsFiles(path: string): string[] {
  const entered = UNIFIED ? [ROOT] : [join(ROOT, 'pids')];
  return entered.map((hierarchy) => join(hierarchy, path, 'cgroup.procs'));
}

/** Processes of every cgroup in or below `path` whose own path contains `part`. */
export async function processesOf(path: string, part: string): Promise<number[]> {
  const hierarchy = UNIFIED ? ROOT : join(ROOT, 'pids');
  const below = async (directory: string): Promise<number[]> => {
    if (directory.includes(part)) return processesBelow(directory);
    return (await Promise.all((await childrenOf(directory)).map(below))).flat();
  };
  return below(join(hierarchy, path));
}

/** Kills every process in the cgroup `path` and below, and removes them all. */
export async function removeCgroups(path: string): Promise<void> {
  for (let round = 0; round < KILL_ROUNDS; round++) {
    const pids = (await Promise.all(hierarchies().map((hierarchy) => processesBelow(join(hierarchy, path))))).flat();
    if (pids.length === 0) break;
    for (const pid of pids) kill(pid);
    await sleep(systemClock, KILL_PAUSE_MS);
  }
  for (const hierarchy of hierarchies()) await removeTree(join(hierarchy, path));
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

async function processesBelow(directory: string): Promise<number[]> {
  const own = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '');
  const pids = own.split('\n').filter((line) => line !== '');
  const below = await Promise.all((await childrenOf(directory)).map(processesBelow));
  return [...pids.map(Number), ...below.flat()];
}

async function removeTree(directory: string): Promise<void> {
  for (const child of await childrenOf(directory)) await removeTree(child);
  await rmdir(directory).catch(() => undefined);
}

async function childrenOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(directory, name));
}

async function enableControllers(directory: string): Promise<void> {
  for (const controller of ['cpuset', 'cpu', 'io', 'memory', 'pids']) {
    await writeFile(join(directory, 'cgroup.subtree_control'), `+${controller}`).catch(() => undefined);
  }
}

async function inheritCpuset(directory: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    await writeFile(join(directory, file), await readFile(join(directory, '..', file), 'utf8'));
  }
}
