import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Fleet } from '@brupop/e2e';
import { NODE_FLAGS } from '@brupop/manifests';
import { sleep, systemClock } from '@brupop/ports';
import type { Benchmark, Row } from './benchmark.ts';
import { runAgent } from './measured-agent.ts';
import type { AgentRun, AgentRunOptions } from './measured-agent.ts';
import { startMeasured } from './measured-process.ts';
import { CannotMeasure } from '@brupop/e2e';
import { LEGACY } from './recorded.ts';

const SIZES = {
  full: { limitMiB: 50, workMs: 90_000, warmStarts: 7, idleMs: 65_000, search: true },
  smoke: { limitMiB: 50, workMs: 0, warmStarts: 2, idleMs: 1_000, search: false },
};
const SEARCH_MIB = { dead: 36, alive: 48, step: 2 };
const GOAL_MIB = 40;
const BARE_MS = 2_000;
const BARE_LIMIT_MIB = 256;
const KB = 1_000;
const HOUR_MS = 3_600_000;
const CHECK_MS = 120_000;
const FLEET = 3;
const bundleOf = (app: string): string => resolve(import.meta.dirname, '../apps', app, 'dist/main.mjs');
const BUNDLES = { agent: bundleOf('agent'), apiserver: bundleOf('apiserver'), controller: bundleOf('controller') };

/** The cost of the agent, of which every node has one. */
export const agent: Benchmark = {
  async run({ smoke }) {
    for (const path of Object.values(BUNDLES)) if (!existsSync(path)) throw new Error(`${path} is missing: run npm run build:bundles`);
    const { search, ...work } = smoke ? SIZES.smoke : SIZES.full;
    const { size } = await stat(BUNDLES.agent);
    const measured = await runConfined({ bundles: BUNDLES, ...work });
    const roomy = await runAgent({ bundles: BUNDLES, limitMiB: undefined, workMs: 0, warmStarts: work.warmStarts, idleMs: 0 });
    const smallest = search && measured.cannot === undefined ? [await smallestLimit()] : [];
    return [
      ...(await memoryRows(measured, work.limitMiB)),
      ...(smoke ? [] : [{ what: 'smallest limit at which it updates its node', unit: 'MiB', ours: smallest, goal: GOAL_MIB }]),
      ...timeRows(measured.run, roomy.warmMs, smoke),
      { what: 'host API calls per idle hour', unit: '', ours: [await hostCallsPerIdleHour()], legacy: LEGACY.hostCallsPerIdleNodeMinute * 60, goal: 90, gate: { atMost: 156, ofRatio: false } },
      { what: 'bundle', unit: 'KB', ours: [size / KB], goal: 250, gate: { atMost: 250, ofRatio: false } },
    ]; // prettier-ignore
  },
};

/** A run, in a cgroup where possible. */
interface Measured {
  readonly run: AgentRun;
  /** Why there was no cgroup. */
  readonly cannot: string | undefined;
}

async function runConfined(options: AgentRunOptions): Promise<Measured> {
  try {
    return { run: await runAgent(options), cannot: undefined };
  } catch (error) {
    if (!(error instanceof CannotMeasure)) throw error;
    return { run: await runAgent({ ...options, limitMiB: undefined }), cannot: error.message };
  }
}

async function memoryRows({ run, cannot }: Measured, limitMiB: number): Promise<Row[]> {
  if (run.peakMiB === undefined) return [{ what: `memory: not measured, ${cannot ?? 'there is no cgroup'}`, unit: '', ours: [] }];
  const bare = startMeasured([...NODE_FLAGS.agent, '--eval', 'setInterval(() => {}, 1000)'], {}, BARE_LIMIT_MIB);
  await sleep(systemClock, BARE_MS);
  const baseline = { name: 'bare Node.js', values: [bare.peakMiB()] };
  await bare.stop();
  return [
    { what: `peak memory over ${String(run.updates)} updates, starts and rest`, unit: 'MiB', ours: [run.peakMiB], baseline, legacy: LEGACY.agent.anonMiB, goal: 24, gate: { atMost: 2.5, ofRatio: true } },
    { what: `times that a limit of ${String(limitMiB)} MiB has killed it`, unit: '', ours: [run.kills], goal: 0, gate: { atMost: 0, ofRatio: false } },
    { what: 'major faults of one life, from its first answer on', unit: '', ours: run.majorFaults, goal: 200 },
  ]; // prettier-ignore
}

function timeRows({ coldMs, warmMs, idle }: AgentRun, roomyMs: readonly number[], smoke: boolean): Row[] {
  return [
    { what: 'start to first answer, warm, its text in the page cache of the machine', unit: 'ms', ours: roomyMs, ...(smoke ? {} : { goal: 300 }) },
    { what: 'the same, its text charged to its limit', unit: 'ms', ours: warmMs, ...(smoke ? {} : { goal: 300 }) },
    { what: 'start to first answer, cold disk', unit: 'ms', ours: coldMs, ...(smoke ? {} : { goal: 600 }) },
    { what: 'processor time at rest', unit: 'millicores', ours: one(idle?.millicores), legacy: LEGACY.agent.idleMillicores, ...(smoke ? {} : { goal: 0.3 }) },
    { what: 'read and written per idle hour', unit: 'KB', ours: one(idle && idle.bytes / KB) },
    { what: 'calls that read and write per idle hour', unit: '', ours: one(idle?.calls) },
    { what: 'waits of its threads per idle hour', unit: '', ours: one(idle?.waits) },
  ]; // prettier-ignore
}

const one = (value: number | undefined): number[] => (value === undefined ? [] : [value]);

/** Accurate to two MiB, between a limit that is too small and one that suffices. */
async function smallestLimit(): Promise<number> {
  let { dead, alive } = SEARCH_MIB;
  while (alive - dead > SEARCH_MIB.step) {
    const limitMiB = Math.round((dead + alive) / 2);
    const { lived } = await runAgent({ bundles: BUNDLES, limitMiB, workMs: 0, warmStarts: 0, idleMs: 0 });
    if (lived) alive = limitMiB;
    else dead = limitMiB;
  }
  return alive;
}

async function hostCallsPerIdleHour(): Promise<number> {
  const fleet = new Fleet({ nodes: FLEET, webReplicas: 0, keptConnections: true, agentSettings: { updateCheckIntervalMs: CHECK_MS } });
  try {
    fleet.cluster.repository.available = fleet.cluster.repository.available.slice(-1);
    if (!(await fleet.until(() => fleet.hasReported(), HOUR_MS))) throw new Error('the fleet did not come up');
    await fleet.rest(HOUR_MS / 6);
    let calls = 0;
    fleet.runner.onHostRequest = () => {
      calls += 1;
    };
    await fleet.rest(HOUR_MS);
    return calls / FLEET;
  } finally {
    fleet.stop();
  }
}
