import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { shadowName } from '@brupop/crd-models';
import type { BottlerocketShadow } from '@brupop/crd-models';
import { sleep, systemClock as clock } from '@brupop/ports';
import { startSimulation } from '@brupop/simulator';
import type { Simulation, SimulationOptions } from '@brupop/simulator';
import { createLoopDisk } from './loop-disk.ts';
import { CannotMeasure, createMemoryCgroup } from './memory-cgroup.ts';
import type { MemoryCgroup, MemorySample } from './memory-cgroup.ts';

const FROM = '1.26.1';
const TO = '1.27.0';
const NODES = 3;
const MEASURED_NODE = 'node-1';
const SAMPLE_MS = 100;
const DEADLINE_MS = 75_000;
/** How long the agent is watched at rest after its last start. */
const REST_MS = 3000;
const MIB = 1024 * 1024;
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
// The shell joins the cgroup before anything of Node is read, so that all of it is charged there.
const JOIN_AND_RUN = 'echo $$ > "$0" && exec "$@"';

/** One start of the measured agent. */
interface Start {
  readonly disk: 'cold' | 'warm';
  readonly atMs: number;
  readonly majorFaultsBefore: number;
  /** Until its first decision: it has read the shadow from the apiserver and the status from the host. */
  answerMs?: number;
  /** Taken on the way to the first decision. */
  majorFaults?: number;
}

/** The most that was seen. */
interface Peak {
  anonAndKernel: number;
  anon: number;
  kernel: number;
  file: number;
}

const { values } = parseArgs({ options: { 'limit-mib': { type: 'string', default: '50' } } });
const limitMib = Number(values['limit-mib']);
if (!Number.isFinite(limitMib) || limitMib <= 0) {
  process.stderr.write('--limit-mib: expected a number of MiB above 0\n');
  process.exit(2);
}

try {
  process.exitCode = await main(limitMib);
} catch (error) {
  if (!(error instanceof CannotMeasure)) throw error;
  process.stderr.write(`Cannot measure: ${error.message}\n`);
  process.exitCode = 3;
}

/** @returns the exit code: 0 when the agent lived through the update, 1 when not */
async function main(limit: number): Promise<number> {
  const bundles = await findBundles();
  const cgroup = createMemoryCgroup(`brupop-bench-${String(process.pid)}`, limit * MIB);
  const directory = await mkdtemp(join(tmpdir(), 'brupop-'));
  const stop = new AbortController();
  const onSignal = (): void => {
    stop.abort(new Error('interrupted'));
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    const disk = createLoopDisk(join(directory, 'disk.img'), join(directory, 'disk'));
    try {
      return await measure({ cgroup, bundles, directory, files: disk.path, limit }, stop.signal);
    } finally {
      disk.remove();
    }
  } finally {
    await cgroup.remove();
    await rm(directory, { recursive: true, force: true });
  }
}

async function findBundles(): Promise<SimulationOptions['bundles']> {
  const bundle = (app: string): string => resolve(import.meta.dirname, '../apps', app, 'dist/main.mjs');
  const bundles = { agent: bundle('agent'), apiserver: bundle('apiserver'), controller: bundle('controller') };
  for (const [app, path] of Object.entries(bundles)) {
    if (!existsSync(path)) throw new CannotMeasure(`${path} is missing: run node tools/bundler/src/main.ts ${app}`);
    const { size } = await stat(path);
    if (app === 'agent') process.stdout.write(`agent bundle             ${(size / 1024).toFixed(0)} KB (goal: under 250)\n`);
  }
  return bundles;
}

interface Setting {
  readonly cgroup: MemoryCgroup;
  readonly bundles: SimulationOptions['bundles'];
  readonly directory: string;
  /** Folder that the measured agent runs from. */
  readonly files: string;
  readonly limit: number;
}

async function measure({ cgroup, bundles, directory, files, limit }: Setting, signal: AbortSignal): Promise<number> {
  const starts: Start[] = [];
  let disk: Start['disk'] = 'cold';
  const privateCopy = copier(files);
  const simulation = await startSimulation({
    nodes: NODES,
    from: FROM,
    to: TO,
    directory,
    bundles,
    clusterTimings: CLUSTER_TIMINGS,
    env: { agent: { UPDATE_CHECK_INTERVAL_IN_SEC: '10', TRACING_FILTER_DIRECTIVE: 'debug' } },
    wrap: (app, nodeName, { command, args }) => {
      if (app !== 'agent' || nodeName !== MEASURED_NODE) return { command, args };
      const words = [command, ...args].map((text) => (existsSync(text) ? privateCopy(text) : text));
      if (disk === 'cold') for (const word of words) dropFromCache(word);
      starts.push({ disk, atMs: clock.monotonic(), majorFaultsBefore: cgroup.sample().majorFaults });
      return { command: '/bin/sh', args: ['-c', JOIN_AND_RUN, cgroup.procsFile, ...words] };
    },
    onLine: (pod, line) => {
      const start = starts.at(-1);
      if (start === undefined || start.answerMs !== undefined || !line.includes('"Decided"')) return;
      if (!isMeasured(simulation, pod)) return;
      start.answerMs = clock.monotonic() - start.atMs;
      start.majorFaults = cgroup.sample().majorFaults - start.majorFaultsBefore;
    },
  });
  const peak: Peak = { anonAndKernel: 0, anon: 0, kernel: 0, file: 0 };
  const sampler = setInterval(() => {
    raise(peak, cgroup.sample());
  }, SAMPLE_MS);
  try {
    const startedMs = clock.monotonic();
    const killed = (): boolean => cgroup.sample().oomKills > 0;
    const updated = await until(() => killed() || isUpdated(simulation), startedMs + DEADLINE_MS, signal);
    const updateMs = clock.monotonic() - startedMs;
    if (updated && !killed()) {
      disk = 'warm';
      await restartAgent(simulation, starts, signal);
      await sleep(clock, REST_MS, signal);
    }
    const last = cgroup.sample();
    raise(peak, last);
    const outcome =
      last.oomKills > 0 ? 'OOM-KILLED' : updated ? `ended: updated in ${(updateMs / 1000).toFixed(1)} s` : 'DID NOT END in time';
    process.stdout.write(report({ outcome, limit, version: cgroup.version, peak, last, starts }));
    return updated && last.oomKills === 0 ? 0 : 1;
  } finally {
    clearInterval(sampler);
    await simulation.close();
  }
}

/** Gives each file a copy of its own: pages that another process has read before would be charged to that one's cgroup. */
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

function isMeasured({ cluster, namespace }: Simulation, pod: string): boolean {
  return cluster.pods(namespace).some(({ metadata, spec }) => metadata.name === pod && spec.nodeName === MEASURED_NODE && isAgent(pod));
}

function isAgent(pod: string): boolean {
  return pod.startsWith('brupop-agent');
}

function isUpdated({ api, cluster, namespace }: Simulation): boolean {
  const shadow = api.store
    .list({ group: 'brupop.bottlerocket.aws', resource: 'bottlerocketshadows' }, { namespace })
    .find(({ metadata }) => metadata.name === shadowName(MEASURED_NODE)) as BottlerocketShadow | undefined;
  const node = cluster.nodes.find(({ metadata }) => metadata.name === MEASURED_NODE);
  return (
    shadow?.status?.current_version === TO &&
    shadow.status.current_state === 'Idle' &&
    shadow.spec.state === 'Idle' &&
    node?.spec?.unschedulable !== true
  );
}

async function restartAgent(simulation: Simulation, starts: readonly Start[], signal: AbortSignal): Promise<void> {
  const { cluster, namespace } = simulation;
  const pod = cluster.pods(namespace).find(({ metadata, spec }) => spec.nodeName === MEASURED_NODE && isAgent(metadata.name));
  if (pod === undefined) return;
  const before = starts.length;
  cluster.killPod({ namespace, name: pod.metadata.name });
  const answered = (): boolean => starts.length > before && starts.at(-1)?.answerMs !== undefined;
  await until(answered, clock.monotonic() + DEADLINE_MS, signal);
}

/** @returns whether it came true before the deadline */
async function until(condition: () => boolean, deadlineMs: number, signal: AbortSignal): Promise<boolean> {
  while (!condition()) {
    if (clock.monotonic() > deadlineMs) return false;
    await sleep(clock, SAMPLE_MS, signal);
  }
  return true;
}

function raise(peak: Peak, { anon, kernel, file }: MemorySample): void {
  peak.anonAndKernel = Math.max(peak.anonAndKernel, anon + kernel);
  peak.anon = Math.max(peak.anon, anon);
  peak.kernel = Math.max(peak.kernel, kernel);
  peak.file = Math.max(peak.file, file);
}

interface Findings {
  readonly outcome: string;
  readonly limit: number;
  readonly version: string;
  readonly peak: Peak;
  readonly last: MemorySample;
  readonly starts: readonly Start[];
}

function report({ outcome, limit, version, peak, last, starts }: Findings): string {
  const mib = (bytes: number): string => (bytes / MIB).toFixed(1);
  const ofStarts = starts.reduce((sum, { majorFaults }) => sum + (majorFaults ?? 0), 0);
  const start = ({ disk, answerMs, majorFaults }: Start, at: number): string => {
    const answer = answerMs === undefined ? 'no answer' : `${answerMs.toFixed(0)} ms, ${String(majorFaults)} major faults`;
    return `  start ${String(at + 1)}, ${disk} disk      ${answer}${at === 0 ? ' (waits for the apiserver to start)' : ''}`;
  };
  return [
    `agent in ${String(limit)} MiB (${version})     ${outcome}`,
    `peak anon + kernel       ${mib(peak.anonAndKernel)} MiB (goal: at most 24; anon ${mib(peak.anon)}, kernel ${mib(peak.kernel)})`,
    `page cache at its peak   ${mib(peak.file)} MiB`,
    `at rest                  ${mib(last.anon + last.kernel)} MiB (anon ${mib(last.anon)}, kernel ${mib(last.kernel)})`,
    `major faults             ${String(last.majorFaults)}, of which ${String(last.majorFaults - ofStarts)} after a start (goal: under 200)`,
    'from start to first answer (goal: 300 ms warm, 600 ms cold)',
    ...starts.map(start),
    `Samples are ${String(SAMPLE_MS)} ms apart. A cgroup is charged for text only if its pages are first touched inside: node and the`,
    'bundle are copies on a loop device (read-ahead 128 KiB), out of the page cache at a cold start; libc and libstdc++ are not charged.',
    '',
  ].join('\n');
}
