import { seededRandom, sleep, systemClock as clock } from '@brupop/ports';
import { faultNamed, startSimulation } from '@brupop/simulator';
import type { Fault, Simulation, SimulationOptions } from '@brupop/simulator';
import type { Random } from '@brupop/ports';
import logUpdate from 'log-update';
import { eventLine } from './event-line.ts';
import { strikeAt } from './fault-schedule.ts';
import { renderScreen, rowOf } from './fleet-view.ts';
import type { NodeRow } from './fleet-view.ts';
import { fetchHolds, observeFleet } from './fleet.ts';
import type { DemoOptions } from './options.ts';
import { outcomeOf } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { summaryOf } from './summary.ts';
import { Timeline } from './timeline.ts';

/** Dependencies of a demo. */
export interface DemoDeps {
  readonly options: DemoOptions;
  readonly bundles: SimulationOptions['bundles'];
  readonly directory: string;
  /** Ends the demo early. */
  readonly signal: AbortSignal;
  /** Saves the kubeconfig for the user; resolves to its path. */
  readonly writeKubeconfig: (text: string) => Promise<string>;
}

const FROM = '1.26.1';
const TO = '1.27.0';
const LOOK_MS = 200;
const FAULT_MS = 15_000;
// The plan and the nodes are not read at the same instant, so an end with nodes left behind must last before it counts.
const SETTLED_MS = 3000;
// A lost node counts as stuck within a time that a viewer can wait for.
const STEP_TIMEOUT_SECONDS = '120';
// Long enough for all nodes to drain at once; short when drains are expected to fail.
const DRAIN_TIMEOUT_SECONDS = '60';
const BLOCKED_DRAIN_TIMEOUT_SECONDS = '20';
// The simulated cluster reacts within a second, since people watch it.
const CLUSTER_TIMINGS = {
  heartbeatMs: 1000,
  nodeGraceMs: 4000,
  nodeMonitorMs: 500,
  podEvictionMs: 15_000,
  kubeletStartMs: 400,
  nodeReadyMs: 500,
  podStartMs: 300,
  terminationMs: 500,
  readinessPeriodMs: 250,
  restartBackoffMs: 500,
};

/** Runs one rollout and displays it. @returns the exit code: 0 when every node ended as expected, 130 when interrupted */
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
        STAGE_TIMEOUT_IN_SEC: STEP_TIMEOUT_SECONDS,
        REBOOT_TIMEOUT_IN_SEC: STEP_TIMEOUT_SECONDS,
        ...(options.window === undefined
          ? {}
          : { SCHEDULER_CRON_EXPRESSION: '', UPDATE_WINDOW_START: options.window.start, UPDATE_WINDOW_STOP: options.window.stop }),
      },
      agent: { UPDATE_CHECK_INTERVAL_IN_SEC: '10' },
      apiserver: {
        DRAIN_TIMEOUT_SECONDS: options.faults.includes('pdb-blocks-forever') ? BLOCKED_DRAIN_TIMEOUT_SECONDS : DRAIN_TIMEOUT_SECONDS,
      },
    },
    onLine: (pod, line) => {
      // A line that is not JSON does not come from the logger: it is a crash.
      if (/"level":"error"/i.test(line) || !line.startsWith('{')) errors.push(`${pod}: ${line}`);
    },
  });
  try {
    const kubeconfigPath = await writeKubeconfig(simulation.kubeconfig);
    process.stdout.write(`Updating ${String(options.nodes)} simulated Bottlerocket nodes from ${FROM} to ${TO}
    `);
    if (options.keep) process.stdout.write(`export KUBECONFIG=${kubeconfigPath}\n`);
    const timeline = new Timeline();
    const startedMs = clock.monotonic();
    const faults = new PendingFaults(simulation, options);
    const outcome = await watchRollout({ simulation, faults, timeline, startedMs, signal });
    process.stdout.write(`\n${summaryOf(simulation, timeline, clock.monotonic() - startedMs, outcome, errors)}\n`);
    if (options.keep && outcome !== undefined) await keepRunning(simulation, kubeconfigPath, signal);
    return outcome === undefined ? 130 : 0;
  } finally {
    await simulation.close();
  }
}

/** The requested faults that have not been applied yet. */
class PendingFaults {
  /** Whether one of them leaves nodes without their update. */
  readonly lasting: boolean;
  readonly #simulation: Simulation;
  readonly #random: Random;
  #pending: readonly Fault[];

  constructor(simulation: Simulation, { faults, seed }: DemoOptions) {
    this.#simulation = simulation;
    this.#random = seededRandom(seed);
    this.#pending = faults.map(faultNamed);
    this.lasting = this.#pending.some(({ lasting }) => lasting);
  }

  /** Applies the faults whose moment has come. */
  strike(rows: readonly NodeRow[]): void {
    this.#pending = this.#pending.filter((fault) => {
      const strike = strikeAt(fault.moment, rows);
      if (!strike.due) return true;
      const aim = strike.node === undefined ? {} : { node: strike.node };
      fault.apply(this.#simulation.cluster, { random: this.#random, durationMs: FAULT_MS, ...aim });
      return false;
    });
  }
}

interface Watched {
  readonly simulation: Simulation;
  readonly faults: PendingFaults;
  readonly timeline: Timeline;
  readonly startedMs: number;
  readonly signal: AbortSignal;
}

/** @returns the outcome; undefined when interrupted */
async function watchRollout({
  simulation,
  faults,
  timeline,
  startedMs,
  signal,
}: Watched): Promise<Exclude<Outcome, { kind: 'under-way' }> | undefined> {
  const live = process.stdout.isTTY;
  const shown = new Map<string, string>();
  const printed = simulation.cluster.log.onEvent((event) => {
    if (!live && event.type.startsWith('fault')) process.stdout.write(`${eventLine(event, startedMs) ?? ''}\n`);
  });
  if (live) process.stdout.on('resize', clearScreen);
  let done = 0;
  let lastDoneMs = 0;
  let endedMs: number | undefined;
  try {
    while (!signal.aborted) {
      const holds = await fetchHolds(simulation);
      const rows = observeFleet(simulation, holds).map((facts) => rowOf(facts, TO));
      faults.strike(rows);
      const elapsedMs = clock.monotonic() - startedMs;
      for (const { node, desired } of rows) timeline.note(node, desired, elapsedMs);
      const doneNow = rows.filter((row) => row.done).length;
      if (doneNow !== done) lastDoneMs = elapsedMs;
      done = doneNow;
      const { columns, rows: lines } = process.stdout;
      if (live) logUpdate(renderScreen({ rows, elapsedMs, lastDoneMs, events: recentEvents(simulation, startedMs), columns, lines }));
      else printChanges(rows, elapsedMs, shown);
      const outcome = outcomeOf(rows, holds ?? [], faults.lasting);
      if (outcome.kind === 'done') return outcome;
      endedMs = outcome.kind === 'under-way' ? undefined : (endedMs ?? elapsedMs);
      if (outcome.kind === 'done-but' && elapsedMs - (endedMs ?? elapsedMs) >= SETTLED_MS) return outcome;
      await sleep(clock, LOOK_MS, signal).catch(() => undefined);
    }
    return undefined;
  } finally {
    printed();
    process.stdout.off('resize', clearScreen);
    if (live) logUpdate.done();
  }
}

/** A terminal that has become narrower has wrapped its content, so the lines to redraw are unknown. */
function clearScreen(): void {
  logUpdate.clear();
  process.stdout.write('\u001B[2J\u001B[H');
}

function printChanges(rows: readonly NodeRow[], elapsedMs: number, shown: Map<string, string>): void {
  for (const row of rows) {
    const line = `${row.node}  ${row.state}  ${row.version} -> ${row.target}${row.cordoned ? '  cordoned' : ''}  ${row.activity}`;
    if (shown.get(row.node) === line) continue;
    shown.set(row.node, line);
    process.stdout.write(`${(elapsedMs / 1000).toFixed(1).padStart(7)} s  ${line}\n`);
  }
}

function recentEvents({ cluster }: Simulation, startedMs: number): string[] {
  return cluster.events.flatMap((event) => eventLine(event, startedMs) ?? []).slice(-5);
}

async function keepRunning(simulation: Simulation, kubeconfigPath: string, signal: AbortSignal): Promise<void> {
  const endpoint = simulation.controllerEndpoint();
  const controller = endpoint === undefined ? [] : [`curl http://${endpoint.host}:${String(endpoint.port)}/plan    # or /metrics`];
  const commands = [`export KUBECONFIG=${kubeconfigPath}`, 'kubectl get brs,nodes,pods -A', ...controller];
  process.stdout.write(`The cluster keeps running until you press Ctrl-C. In another terminal:
  ${commands
    .map(
      (command) => `  ${command}
  `,
    )
    .join('')}`);
  await new Promise<void>((resolve) => {
    // The servers keep the process alive.
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
