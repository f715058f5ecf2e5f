import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sleep, systemClock } from '@brupop/ports';

/** A sample of a memory cgroup; bytes, and counts since its creation. */
export interface MemorySample {
  /** Anonymous memory: heaps and stacks. */
  readonly anon: number;
  /** Kernel memory of the processes: sockets, page tables, inodes. */
  readonly kernel: number;
  /** Page cache, including text: memory that can be dropped and read again. */
  readonly file: number;
  readonly majorFaults: number;
  readonly oomKills: number;
}

/** A memory cgroup with a limit. */
export interface MemoryCgroup {
  /** `v1` or `v2`. */
  readonly version: 'v1' | 'v2';
  /** A process joins by writing its id here. */
  readonly procsFile: string;
  sample(): MemorySample;
  /** Removes the cgroup; waits until its last processes are gone. */
  remove(): Promise<void>;
}

/** Why this machine cannot measure; the message names what is missing. */
export class CannotMeasure extends Error {}

const V1_ROOT = '/sys/fs/cgroup/memory';
const V2_ROOT = '/sys/fs/cgroup';
const REMOVAL_TRIES = 50;
const REMOVAL_PAUSE_MS = 100;

/** Creates a memory cgroup of either version, without swap. @throws {@link CannotMeasure} */
export function createMemoryCgroup(name: string, limitBytes: number): MemoryCgroup {
  if (process.getuid?.() !== 0) throw new CannotMeasure('only root may make a memory cgroup: run this as root');
  const version = versionHere();
  const path = join(version === 'v1' ? V1_ROOT : V2_ROOT, name);
  try {
    if (version === 'v2') delegateMemory();
    mkdirSync(path);
  } catch (error) {
    throw new CannotMeasure(`cannot make the cgroup ${path}: ${String(error)}`);
  }
  const write = (file: string, text: string): void => {
    writeFileSync(join(path, file), text);
  };
  try {
    write(version === 'v1' ? 'memory.limit_in_bytes' : 'memory.max', String(limitBytes));
    const swap = version === 'v1' ? 'memory.memsw.limit_in_bytes' : 'memory.swap.max';
    if (existsSync(join(path, swap))) write(swap, version === 'v1' ? String(limitBytes) : '0');
  } catch (error) {
    rmdirSync(path);
    throw new CannotMeasure(`cannot limit the cgroup ${path}: ${String(error)}`);
  }
  return {
    version,
    procsFile: join(path, 'cgroup.procs'),
    sample: () => (version === 'v1' ? sampleV1(path) : sampleV2(path)),
    remove: () => removeWhenEmpty(path),
  };
}

function versionHere(): 'v1' | 'v2' {
  if (existsSync(join(V1_ROOT, 'memory.limit_in_bytes'))) return 'v1';
  const controllers = join(V2_ROOT, 'cgroup.controllers');
  if (existsSync(controllers) && readFileSync(controllers, 'utf8').split(/\s/).includes('memory')) return 'v2';
  throw new CannotMeasure(`no memory controller: neither ${V1_ROOT} (v1) nor "memory" in ${controllers} (v2)`);
}

/** Children have a memory controller only if the parent passes it on. */
function delegateMemory(): void {
  const control = join(V2_ROOT, 'cgroup.subtree_control');
  if (!readFileSync(control, 'utf8').split(/\s/).includes('memory')) writeFileSync(control, '+memory');
}

function sampleV1(path: string): MemorySample {
  const stat = numbersOf(join(path, 'memory.stat'));
  return {
    anon: stat('rss'),
    kernel: Number(readFileSync(join(path, 'memory.kmem.usage_in_bytes'), 'utf8')),
    file: stat('cache'),
    majorFaults: stat('pgmajfault'),
    oomKills: numbersOf(join(path, 'memory.oom_control'))('oom_kill'),
  };
}

function sampleV2(path: string): MemorySample {
  const stat = numbersOf(join(path, 'memory.stat'));
  return {
    anon: stat('anon'),
    kernel: stat('kernel'),
    file: stat('file'),
    majorFaults: stat('pgmajfault'),
    oomKills: numbersOf(join(path, 'memory.events'))('oom_kill'),
  };
}

/** Reads a file of `name number` lines. */
function numbersOf(file: string): (name: string) => number {
  const values = new Map(
    readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .map(([name = '', value]) => [name, Number(value)]),
  );
  return (name) => {
    const value = values.get(name);
    if (value === undefined) throw new CannotMeasure(`${file} has no "${name}": this kernel is too old`);
    return value;
  };
}

async function removeWhenEmpty(path: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      rmdirSync(path);
      return;
    } catch (error) {
      if (tries === REMOVAL_TRIES) throw new Error(`the cgroup ${path} in ${dirname(path)} stays behind`, { cause: error });
      await sleep(systemClock, REMOVAL_PAUSE_MS);
    }
  }
}
