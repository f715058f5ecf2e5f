import { seededRandom, sleep, systemClock as clock } from '@brupop/ports';
import { faultNamed, startSimulation } from '@brupop/simulator';
import type { AppliedFault, Simulation, SimulationOptions } from '@brupop/simulator';
import logUpdate from 'log-update';
import { renderScreen, rowOf } from './fleet-view.ts';
import type { NodeRow } from './fleet-view.ts';
import { fetchHolds, observeFleet } from './fleet.ts';
import type { DemoOptions } from './options.ts';
import { outcomeOf } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { summaryOf } from './summary.ts';
import { Timeline } from './timeline.ts';

/** What a demo is given. */
export interface DemoDeps {
  readonly options: DemoOptions;
  readonly bundles: SimulationOptions['bundles'];
  readonly directory: string;
  /** Ends the demo early. */
  readonly signal: AbortSignal;
  /** Keeps the kubeconfig for the user; resolves to its path. */
  readonly writeKubeconfig: (text: string) => Promise<string>;
}

const FROM = '1.26.1';
const TO = '1.27.0';
const LOOK_MS = 200;
// A cluster that reacts within a second: a demo is watched.
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

/** Runs one rollout and shows it. @returns the exit code: 0 when every node ended as it should, 130 when interrupted */
export async function runDemo({ options, bundles, directory, signal, writeKubeconfig }: DemoDeps): Promise<number> {
  const errors: string[] = [];
  const simulation = await startSimulation({
    nodes: options.nodes,
    from: FROM,
    to: TO,
    directory,
    bundles,
    seed: options.seed,
    clusterTimings: CLUSTER_TIMINGS,
    webReplicas: Math.max(2, Math.min(options.nodes, 12)),
    env: {
      controller: {
        MAX_CONCURRENT_UPDATE: options.maxConcurrent,
        ...(options.window === undefined
          ? {}
          : { SCHEDULER_CRON_EXPRESSION: '', UPDATE_WINDOW_START: options.window.start, UPDATE_WINDOW_STOP: options.window.stop }),
      },
      agent: { UPDATE_CHECK_INTERVAL_IN_SEC: '10' },
      apiserver: { DRAIN_TIMEOUT_SECONDS: '20' },
    },
    onLine: (pod, line) => {
      if (/"level":"error"/i.test(line)) errors.push(`${pod}: ${line}`);
    },
  });
  try {
    const kubeconfigPath = await writeKubeconfig(simulation.kubeconfig);
    process.stdout.write(`Updating ${String(options.nodes)} simulated Bottlerocket hosts from ${FROM} to ${TO}\n`);
    if (options.keep) process.stdout.write(`export KUBECONFIG=${kubeconfigPath}\n`);
    const timeline = new Timeline();
    const startedMs = clock.monotonic();
    const faults = applyFaults(simulation, options);
    const outcome = await watchRollout(simulation, options.faults, timeline, startedMs, signal);
    for (const fault of faults) fault.lift();
    process.stdout.write(`\n${summaryOf(simulation, timeline, clock.monotonic() - startedMs, outcome, errors)}\n`);
    if (options.keep) await keepRunning(kubeconfigPath, signal);
    return outcome === undefined ? 130 : 0;
  } finally {
    await simulation.close();
  }
}

function applyFaults({ cluster }: Simulation, { faults, seed }: DemoOptions): AppliedFault[] {
  const random = seededRandom(seed);
  return faults.map((name) => {
    const applied = faultNamed(name).apply(cluster, { random, durationMs: 15_000 });
    process.stdout.write(`Fault ${name} strikes ${applied.target ?? 'nothing'}\n`);
    return applied;
  });
}

/** @returns how it ended; undefined when interrupted */
async function watchRollout(
  simulation: Simulation,
  faults: readonly string[],
  timeline: Timeline,
  startedMs: number,
  signal: AbortSignal,
): Promise<Exclude<Outcome, { kind: 'under-way' }> | undefined> {
  const live = process.stdout.isTTY;
  const shown = new Map<string, string>();
  while (!signal.aborted) {
    const holds = await fetchHolds(simulation);
    const rows = observeFleet(simulation, holds).map((facts) => rowOf(facts, TO));
    const elapsedMs = clock.monotonic() - startedMs;
    for (const { node, wanted } of rows) timeline.note(node, wanted, elapsedMs);
    if (live)
      logUpdate(
        renderScreen({ rows, elapsedMs, events: recentEvents(simulation), columns: process.stdout.columns, lines: process.stdout.rows }),
      );
    else printChanges(rows, elapsedMs, shown);
    const outcome = outcomeOf(rows, holds, faults);
    if (outcome.kind !== 'under-way') {
      if (live) logUpdate.done();
      return outcome;
    }
    await sleep(clock, LOOK_MS, signal).catch(() => undefined);
  }
  if (live) logUpdate.done();
  return undefined;
}

function printChanges(rows: readonly NodeRow[], elapsedMs: number, shown: Map<string, string>): void {
  for (const row of rows) {
    const line = `${row.node}  ${row.state}  ${row.version} -> ${row.target}${row.cordoned ? '  cordoned' : ''}  ${row.activity}`;
    if (shown.get(row.node) === line) continue;
    shown.set(row.node, line);
    process.stdout.write(`${(elapsedMs / 1000).toFixed(1).padStart(7)} s  ${line}\n`);
  }
}

function recentEvents({ cluster }: Simulation): string[] {
  return cluster.events
    .filter(({ type }) => /^(?:eviction|host-|node-|fault)/.test(type))
    .slice(-5)
    .map(({ atMs, type, subject, message }) => `${(atMs / 1000).toFixed(1).padStart(7)} s  ${type} ${subject} ${message}`);
}

async function keepRunning(kubeconfigPath: string, signal: AbortSignal): Promise<void> {
  process.stdout.write(
    `Still running; Ctrl-C ends it. In another terminal:\n  export KUBECONFIG=${kubeconfigPath}\n  kubectl get brs,nodes,pods -A\n`,
  );
  await new Promise<void>((resolve) => {
    // The servers keep the process alive; nothing else is left to do.
    if (signal.aborted) resolve();
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
  });
}
