import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMPONENT_LABEL, shadowName } from '@brupop/crd-models';
import type { BottlerocketShadow } from '@brupop/crd-models';
import { sleep, systemClock } from '@brupop/ports';
import { startSimulation } from '@brupop/simulator';
import type { NodeObject, PodObject, Simulation, SimulationOptions } from '@brupop/simulator';
import { BUNDLES } from './bundles.ts';

export const OLD = '1.26.1';
export const NEW = '1.27.0';

// A cluster that reacts within a second: real time passes here.
const CLUSTER_TIMINGS = {
  heartbeatMs: 1000,
  nodeGraceMs: 4000,
  nodeMonitorMs: 500,
  kubeletStartMs: 300,
  nodeReadyMs: 300,
  podStartMs: 200,
  terminationMs: 300,
  readinessPeriodMs: 250,
  restartBackoffMs: 300,
};
const HOST_TIMINGS = { refreshMs: 100, downloadMs: 300, activateMs: 100, rebootMs: 1000 };
const LOOK_MS = 100;

/** A line that a process printed. */
export interface Line {
  readonly pod: string;
  readonly text: string;
}

/** A simulation with real processes, and what a test asks of it. */
export interface SimulationUnderTest extends Simulation {
  /** Folder of its sockets, tokens and logs. */
  readonly directory: string;
  /** Everything that the processes printed. */
  readonly lines: readonly Line[];
  readonly podsOf: (component: string) => PodObject[];
  readonly shadow: (node: string) => BottlerocketShadow | undefined;
  readonly node: (name: string) => NodeObject | undefined;
  /** Whether the node runs the new version, is back in service, and both sides of its shadow say Idle. */
  readonly isDone: (node: string) => boolean;
  /** Waits in real time. @returns whether it came to that within `limitMs` */
  readonly until: (condition: () => boolean, limitMs: number) => Promise<boolean>;
}

const running: SimulationUnderTest[] = [];

/** Starts a simulation; {@link closeSimulations} ends it. */
export async function aSimulation(options: Partial<SimulationOptions> = {}): Promise<SimulationUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'bp-'));
  const lines: Line[] = [];
  const simulation = await startSimulation({
    nodes: 2,
    from: OLD,
    to: NEW,
    bundles: BUNDLES,
    clusterTimings: CLUSTER_TIMINGS,
    hostTimings: HOST_TIMINGS,
    onLine: (pod, text) => lines.push({ pod, text }),
    ...options,
    directory,
    env: { agent: { UPDATE_CHECK_INTERVAL_IN_SEC: '10' }, ...options.env },
  });
  const { cluster, api, namespace } = simulation;
  const node = (name: string): NodeObject | undefined => cluster.nodes.find(({ metadata }) => metadata.name === name);
  const shadow = (name: string): BottlerocketShadow | undefined =>
    api.store.get<BottlerocketShadow>({
      group: 'brupop.bottlerocket.aws',
      resource: 'bottlerocketshadows',
      namespace,
      name: shadowName(name),
    });
  const underTest: SimulationUnderTest = {
    ...simulation,
    directory,
    lines,
    node,
    shadow,
    podsOf: (component) => cluster.pods(namespace, { [COMPONENT_LABEL]: component }),
    isDone: (name) => {
      const { spec, status } = shadow(name) ?? {};
      return (
        spec?.state === 'Idle' &&
        status?.current_state === 'Idle' &&
        status.current_version === NEW &&
        node(name)?.spec?.unschedulable !== true &&
        node(name)?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True'
      );
    },
    until: async (condition, limitMs) => {
      const endMs = systemClock.monotonic() + limitMs;
      while (!condition()) {
        if (systemClock.monotonic() >= endMs) return false;
        await sleep(systemClock, LOOK_MS);
      }
      return true;
    },
  };
  running.push(underTest);
  return underTest;
}

/** Ends every process of every simulation and removes its folder. */
export async function closeSimulations(): Promise<void> {
  await Promise.all(
    running.splice(0).map(async (simulation) => {
      await simulation.close();
      await rm(simulation.directory, { recursive: true, force: true, maxRetries: 3 });
    }),
  );
}
