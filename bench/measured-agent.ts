import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { shadowName } from '@brupop/crd-models';
import type { BottlerocketShadow } from '@brupop/crd-models';
import { sleep, systemClock as clock } from '@brupop/ports';
import { startSimulation } from '@brupop/simulator';
import type { Simulation, SimulationOptions } from '@brupop/simulator';
import { createLoopDisk } from './loop-disk.ts';
import { CannotMeasure, createMemoryCgroup } from '@brupop/e2e';
import type { MemoryCgroup } from '@brupop/e2e';

/** The measurements of an agent in one run. */
export interface AgentRun {
  /** How often its memory limit killed it. */
  readonly kills: number;
  /** Whether it finished each update and answered after each start in time. */
  readonly lived: boolean;
  readonly updates: number;
  /** Peak of anonymous and kernel memory, in MiB; undefined without a cgroup. */
  readonly peakMiB: number | undefined;
  /** From the first answer after each start until the next start. */
  readonly majorFaults: readonly number[];
  /** From each start to its first decision, when it has read its shadow and the status of the host; milliseconds. */
  readonly coldMs: readonly number[];
  readonly warmMs: readonly number[];
  /** At rest, including its children; undefined if that was not measured. */
  readonly idle: Usage | undefined;
}

/** The hourly use of a process. */
export interface Usage {
  readonly millicores: number;
  /** Bytes read and written, and the number of calls, as in `/proc/PID/io`. */
  readonly bytes: number;
  readonly calls: number;
  /** How often one of its threads waited. */
  readonly waits: number;
}

/** What to run, and how long. */
export interface AgentRunOptions {
  readonly bundles: SimulationOptions['bundles'];
  /** undefined: no cgroup, and no separate disk. */
  readonly limitMiB: number | undefined;
  /** Duration of consecutive updates, of which there is at least one. */
  readonly workMs: number;
  readonly warmStarts: number;
  readonly idleMs: number;
}

const MEASURED_NODE = 'node-1';
const FROM = '1.26.1';
const SAMPLE_MS = 100;
const UPDATE_LIMIT_MS = 120_000;
// The kubelet's backoff grows with each restart of a container.
const START_LIMIT_MS = 90_000;
const HOUR_MS = 3_600_000;
const MIB = 1 << 20;
const CLUSTER_TIMINGS = {
  heartbeatMs: 1000,
  nodeGraceMs: 4000,
  nodeMonitorMs: 500,
  kubeletStartMs: 400,
  nodeReadyMs: 500,
  podStartMs: 300,
  terminationMs: 500,
  readinessPeriodMs: 250,
  restartBackoffMs: 500,
};
// The shell joins the cgroup before any page of Node.js is read, so that all of them are charged there.
const JOIN_AND_RUN = 'echo $$ > "$0"; if [ -n "$1" ]; then echo $$ > "$1"; fi; shift; exec "$@"';

interface Start {
  readonly disk: 'cold' | 'warm';
  readonly atMs: number;
  readonly faultsBefore: number;
  answerMs?: number;
  faults?: number;
}

/**
 * Runs a small cluster and measures one of its agents. In a cgroup it runs from copies of Node.js and of its bundle on a separate disk,
 * since text that another process has already read would be charged to that process.
 * @throws {@link CannotMeasure}
 */
export async function runAgent(options: AgentRunOptions): Promise<AgentRun> {
  const directory = await mkdtemp(join(tmpdir(), 'bp-'));
  try {
    if (options.limitMiB === undefined) return await run(options, directory, undefined);
    const cgroup = createMemoryCgroup(`brupop-bench-agent-${String(process.pid)}`, options.limitMiB * MIB);
    try {
      const disk = createLoopDisk(join(directory, 'disk.img'), join(directory, 'disk'));
      try {
        return await run(options, directory, { cgroup, files: disk.path });
      } finally {
        disk.remove();
      }
    } finally {
      await cgroup.remove();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function run(
  { bundles, workMs, warmStarts, idleMs }: AgentRunOptions,
  directory: string,
  confined: { readonly cgroup: MemoryCgroup; readonly files: string } | undefined,
): Promise<AgentRun> {
  const starts: Start[] = [];
  const pidFile = join(directory, 'agent.pid');
  const privateCopy = confined === undefined ? (file: string): string => file : copier(confined.files);
  const faults = (): number => confined?.cgroup.sample().majorFaults ?? 0;
  let disk: Start['disk'] = confined === undefined ? 'warm' : 'cold';
  let hurries = true;
  const simulation = await startSimulation({
    // The operator's own pods need another node while the first is drained.
    nodes: 2,
    webReplicas: 0,
    from: FROM,
    to: versionAfter(0),
    directory,
    bundles,
    clusterTimings: CLUSTER_TIMINGS,
    env: { agent: { UPDATE_CHECK_INTERVAL_IN_SEC: '10', TRACING_FILTER_DIRECTIVE: 'debug' } },
    wrap: (app, node, { command, args }) => {
      if (app !== 'agent' || node !== MEASURED_NODE) return { command, args };
      const words = [command, ...args].map((text) => (existsSync(text) ? privateCopy(text) : text));
      if (disk === 'cold') for (const word of words) dropFromCache(word);
      starts.push({ disk, atMs: clock.monotonic(), faultsBefore: faults() });
      // Its default interval applies at rest; a short one only during the updates.
      const settings = disk === 'warm' && !hurries ? ['env', 'UPDATE_CHECK_INTERVAL_IN_SEC=120'] : [];
      return { command: '/bin/sh', args: ['-c', JOIN_AND_RUN, pidFile, confined?.cgroup.procsFile ?? '', ...settings, ...words] };
    },
    onLine: (pod, line) => {
      const start = starts.at(-1);
      if (start === undefined || start.answerMs !== undefined || !line.includes('"Decided"') || agentPod(simulation) !== pod) return;
      start.answerMs = clock.monotonic() - start.atMs;
      start.faults = faults() - start.faultsBefore;
    },
  });
  let peak = 0;
  const sampler = setInterval(() => {
    const { anon, kernel } = confined?.cgroup.sample() ?? { anon: 0, kernel: 0 };
    peak = Math.max(peak, anon + kernel);
  }, SAMPLE_MS);
  const killed = (): boolean => (confined?.cgroup.sample().oomKills ?? 0) > 0;
  try {
    const endMs = clock.monotonic() + workMs;
    let updates = 0;
    let goesOn: boolean;
    do {
      simulation.cluster.repository.available = [versionAfter(updates), FROM];
      goesOn = (await until(() => killed() || isUpdated(simulation, versionAfter(updates)), UPDATE_LIMIT_MS)) && !killed();
      if (goesOn) updates += 1;
    } while (goesOn && clock.monotonic() < endMs);
    disk = 'warm';
    hurries = false;
    for (let at = 0; goesOn && at < warmStarts; at++) goesOn = await restart(simulation, starts);
    // The work after its last start does not count as rest.
    if (goesOn) await sleep(clock, idleMs / 2);
    const idle = goesOn && idleMs > 0 ? await watchUsage(pidFile, idleMs) : undefined;
    const answered = (kind: Start['disk']): number[] =>
      // The first start waits for the apiserver, which starts at the same time.
      starts.slice(1).flatMap(({ disk: from, answerMs }) => (from === kind && answerMs !== undefined ? [answerMs] : []));
    return {
      kills: confined?.cgroup.sample().oomKills ?? 0,
      lived: goesOn && !killed(),
      updates,
      peakMiB: confined === undefined ? undefined : peak / MIB,
      majorFaults: starts.flatMap((start, at) =>
        start.faults === undefined ? [] : [(starts[at + 1]?.faultsBefore ?? faults()) - start.faultsBefore - start.faults],
      ),
      coldMs: answered('cold'),
      warmMs: answered('warm'),
      idle,
    };
  } finally {
    clearInterval(sampler);
    await simulation.close();
  }
}

const versionAfter = (updates: number): string => `1.27.${String(updates)}`;

/** Copies each file. */
function copier(folder: string): (file: string) => string {
  const copies = new Map<string, string>();
  return (file) => {
    const copy = copies.get(file) ?? join(folder, basename(file));
    if (!copies.has(file)) copyFileSync(file, copy);
    copies.set(file, copy);
    return copy;
  };
}

function dropFromCache(file: string): void {
  if (!existsSync(file)) return;
  spawnSync('sync', [file]);
  const { status } = spawnSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
  if (status !== 0) throw new CannotMeasure('dd of GNU coreutils is missing: it drops the text from the page cache');
}

function isUpdated({ api, cluster, namespace }: Simulation, version: string): boolean {
  const ref = { group: 'brupop.bottlerocket.aws', resource: 'bottlerocketshadows', namespace, name: shadowName(MEASURED_NODE) };
  const shadow = api.store.get<BottlerocketShadow>(ref);
  const isIdle = shadow?.status?.current_state === 'Idle' && shadow.spec.state === 'Idle';
  return isIdle && shadow.status.current_version === version && cluster.nodes[0]?.spec?.unschedulable !== true;
}

/** The name of the measured agent's pod. */
function agentPod({ cluster, namespace }: Simulation): string | undefined {
  const isIt = ({ metadata, spec }: { metadata: { name: string }; spec: { nodeName?: string } }): boolean =>
    spec.nodeName === MEASURED_NODE && metadata.name.startsWith('brupop-agent');
  return cluster.pods(namespace).find(isIt)?.metadata.name;
}

async function restart(simulation: Simulation, starts: readonly Start[]): Promise<boolean> {
  const { cluster, namespace } = simulation;
  const name = agentPod(simulation);
  if (name === undefined) return false;
  const before = starts.length;
  cluster.killPod({ namespace, name });
  return await until(() => starts.length > before && starts.at(-1)?.answerMs !== undefined, START_LIMIT_MS);
}

/** @returns whether the condition became true in time */
async function until(condition: () => boolean, limitMs: number): Promise<boolean> {
  const endMs = clock.monotonic() + limitMs;
  while (!condition()) {
    if (clock.monotonic() > endMs) return false;
    await sleep(clock, SAMPLE_MS);
  }
  return true;
}

async function watchUsage(pidFile: string, forMs: number): Promise<Usage> {
  const pid = readFileSync(pidFile, 'utf8').trim();
  const before = usageOf(pid);
  await sleep(clock, forMs);
  const after = usageOf(pid);
  const perHour = (of: (usage: typeof before) => number): number => ((of(after) - of(before)) / forMs) * HOUR_MS;
  return {
    millicores: ((after.processorMs - before.processorMs) / forMs) * 1_000,
    bytes: perHour(({ bytes }) => bytes),
    calls: perHour(({ calls }) => calls),
    waits: perHour(({ waits }) => waits),
  };
}

/** Processor time since its start, of all its threads. */
export function usageOf(pid: string): { processorMs: number; bytes: number; calls: number; waits: number } {
  const read = (file: string): string => readFileSync(join('/proc', pid, file), 'utf8');
  const io = (name: string): number => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(read('io'))?.[1]);
  const threads = readdirSync(join('/proc', pid, 'task'));
  const sum = (of: (thread: string) => number): number => threads.reduce((total, thread) => total + of(thread), 0);
  return {
    // In nanoseconds; the clock ticks of `stat` are too coarse for this.
    processorMs: sum((thread) => Number(read(`task/${thread}/schedstat`).split(' ')[0])) / 1e6,
    bytes: io('rchar') + io('wchar'),
    calls: io('syscr') + io('syscw'),
    waits: sum((thread) => Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(read(`task/${thread}/status`))?.[1])),
  };
}
