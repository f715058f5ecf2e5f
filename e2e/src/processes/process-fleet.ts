import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep, systemClock } from '@brupop/ports';
import { startSimulation } from '@brupop/simulator';
import type { Simulation, SimulationOptions } from '@brupop/simulator';
import { ObservedFleet } from '../fleet/observed-fleet.ts';
import { QUICK_CLUSTER, QUICK_HOSTS } from '../fleet/quick-timings.ts';
import { NEW, OLD } from '../fleet/versions.ts';
import { BUNDLES } from './bundles.ts';

const LOOK_MS = 50;

/** A line that a process printed. */
export interface Line {
  readonly pod: string;
  readonly text: string;
}

/** A fleet whose operator consists of real processes, in real time. */
export class ProcessFleet extends ObservedFleet {
  readonly simulation: Simulation;
  /** Folder of its sockets, tokens and logs. */
  readonly directory: string;
  /** Everything that the processes printed. */
  readonly lines: readonly Line[];

  private constructor(simulation: Simulation, directory: string, lines: readonly Line[]) {
    super(simulation.api, simulation.cluster);
    this.simulation = simulation;
    this.directory = directory;
    this.lines = lines;
  }

  static async start(options: Partial<SimulationOptions> = {}): Promise<ProcessFleet> {
    const directory = await mkdtemp(join(tmpdir(), 'bp-'));
    const lines: Line[] = [];
    const simulation = await startSimulation({
      nodes: 2,
      from: OLD,
      to: NEW,
      bundles: BUNDLES,
      clusterTimings: QUICK_CLUSTER,
      hostTimings: QUICK_HOSTS,
      onLine: (pod, text) => lines.push({ pod, text }),
      ...options,
      directory,
      env: { ...options.env, agent: { UPDATE_CHECK_INTERVAL_IN_SEC: '10', ...options.env?.agent } },
    });
    return new ProcessFleet(simulation, directory, lines);
  }

  override async until(condition: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = systemClock.monotonic() + limitMs;
    while (!condition()) {
      if (systemClock.monotonic() >= endMs) return false;
      await sleep(systemClock, LOOK_MS);
    }
    return true;
  }

  /** Output of crashed processes: a line that is not JSON does not come from the logger. */
  get crashes(): readonly Line[] {
    return this.lines.filter(({ text }) => !text.startsWith('{'));
  }

  /** Ends every process and removes the folder. */
  async close(): Promise<void> {
    await this.simulation.close();
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }
}
