import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { PROCESS_ENVIRONMENT } from '@brupop/manifests';
import { createMemoryCgroup } from '@brupop/e2e';
import type { MemoryCgroup } from '@brupop/e2e';

/** A process with measured memory and processor time. */
export interface MeasuredProcess {
  /** Current anonymous and kernel memory in MiB; anonymous memory alone without a memory cgroup. */
  nowMiB(): number;
  /** The peak of it. */
  peakMiB(): number;
  /** Processor time so far, in milliseconds. */
  processorMs(): number;
  /** Whether the limit killed it. */
  wasKilled(): boolean;
  /** Kills it; may be called repeatedly. */
  stop(): Promise<void>;
}

const MIB = 1 << 20;
const SAMPLE_MS = 20;
/** Clock ticks a second in `/proc`: 100 on every Linux that Node.js supports. */
const TICK_MS = 10;

/** Starts this Node.js in a memory cgroup with a limit, or without one if none can be created. */
export function startMeasured(args: readonly string[], env: Readonly<Record<string, string>>, limitMiB: number): MeasuredProcess {
  const cgroup = cgroupIfPossible(limitMiB);
  const command = [process.execPath, ...args];
  const [program = '', ...rest] =
    cgroup === undefined ? command : ['/bin/sh', '-c', 'echo $$ > "$0" && exec "$@"', cgroup.procsFile, ...command];
  const child = spawn(program, rest, {
    env: { ...env, PATH: process.env['PATH'], ...PROCESS_ENVIRONMENT },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', resolve));
  let peak = 0;
  const sample = (): number => {
    const { anon, kernel } = cgroup?.sample() ?? { anon: anonOf(child.pid), kernel: 0 };
    peak = Math.max(peak, anon + kernel);
    return anon + kernel;
  };
  const sampler = setInterval(sample, SAMPLE_MS);
  let kills: number | undefined;
  const killsSoFar = (): number => kills ?? cgroup?.sample().oomKills ?? 0;
  const stop = async (): Promise<void> => {
    clearInterval(sampler);
    child.kill('SIGKILL');
    await ended;
    kills = killsSoFar();
    await cgroup?.remove();
  };
  let stopped: Promise<void> | undefined;
  return {
    nowMiB: () => sample() / MIB,
    peakMiB: () => {
      sample();
      return peak / MIB;
    },
    processorMs: () => processorMsOf(child.pid),
    wasKilled: () => killsSoFar() > 0,
    stop: () => (stopped ??= stop()),
  };
}

let made = 0;

function cgroupIfPossible(limitMiB: number): MemoryCgroup | undefined {
  try {
    return createMemoryCgroup(`brupop-bench-${String(process.pid)}-${String(made++)}`, limitMiB * MIB);
  } catch {
    // Not root, or no memory controller: the process is measured anyway.
    return undefined;
  }
}

/** Current anonymous memory of a process in bytes; 0 if it does not run. */
export function anonOf(pid: number | undefined): number {
  try {
    const [, kib = '0'] = /RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8')) ?? [];
    return Number(kib) * 1024;
  } catch {
    return 0;
  }
}

function processorMsOf(pid: number | undefined): number {
  const fields =
    readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
      .split(') ')[1]
      ?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
