import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NEW, OLD, ProcessFleet } from '@brupop/e2e';
import { SERVICE_ACCOUNTS } from '@brupop/manifests';
import type { Component } from '@brupop/manifests';
import { systemClock as clock } from '@brupop/ports';
import { usageOf } from './measured-agent.ts';
import { anonOf } from './measured-process.ts';
import type { LegacyBinaries } from './legacy-binaries.ts';
import { placeIn, setProbes, surroundLegacy } from './legacy-surroundings.ts';
import type { Surroundings } from './legacy-surroundings.ts';
import { REAL_CLUSTER, REAL_HOSTS } from './physical-times.ts';
import { pinnedWorkload } from './pinned-workload.ts';
import { watchReactions } from './reaction-times.ts';
import { watchSlots } from './slot-times.ts';
import type { SlotTimes } from './slot-times.ts';

/** Options of a fleet with an observed operator. */
export interface ObservedOptions {
  /** Nodes to be updated, one at a time. */
  readonly nodes: number;
  readonly podsPerNode: number;
  /** How often agents check for updates; not configurable in Brupop 1.x. */
  readonly checkIntervalS: number;
  /** Whether a new version is offered from the start, or only once everything has started. */
  readonly offeredAtStart: boolean;
  readonly restMs: number;
  /** Interval of readiness probes. */
  readonly probePeriodMs: number;
  /** Maximum duration of one node's update, and of the start. */
  readonly limitMs: number;
}

/** A fleet of processes under one operator, ours or that of Brupop 1.x. */
export interface ObservedOperator {
  /** Waits until every agent has reported. */
  settle(): Promise<void>;
  /** Offers a new version, and waits until every node runs it. @throws Error after a timeout */
  update(): Promise<Updates>;
  rest(): Promise<Rest>;
  close(): Promise<void>;
}

/** The operator's requests and resources at rest. */
export interface Rest {
  /** Open watches at its end, of the agents of all nodes. */
  readonly agentWatches: number;
  /** Requests to the Kubernetes API. */
  readonly requests: readonly Request[];
  readonly ms: number;
  /** Requests to the API of all hosts, in whole check intervals. */
  readonly hostCalls: { readonly count: number; readonly ms: number };
  readonly processes: Readonly<Record<Component, readonly ProcessFigures[]>>;
}

/** A request to the Kubernetes API by one of the operator's accounts. */
export interface Request {
  readonly component: Component;
  readonly verb: string;
  readonly resource: string;
}

/** One process at rest. */
export interface ProcessFigures {
  readonly anonMiB: number;
  /** Without its children. */
  readonly millicores: number;
}

/** The updates of all nodes. */
export interface Updates {
  readonly times: SlotTimes;
  readonly reactionsMs: readonly number[];
  readonly requests: readonly Request[];
  /** Duration in which those requests were counted. */
  readonly ms: number;
}

const COMPONENTS = ['agent', 'apiserver', 'controller'] as const;
const SERVERS = 'servers';
const MIB = 1 << 20;
const TRAIL_MS = 2_000;
const WRITE_PID = 'echo $$ > "$0"; exec "$@"';

/**
 * Starts a fleet whose operator has its own node, so that every update has the same number of pods to evict.
 * @param legacy undefined for our bundles
 */
export async function startOperator(options: ObservedOptions, legacy: LegacyBinaries | undefined): Promise<ObservedOperator> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-legacy-'));
  const pidFiles: Record<Component, string[]> = { agent: [], apiserver: [], controller: [] };
  const hostCallsMs: number[] = [];
  let surroundings: Surroundings | undefined;
  const onServers = { nodeSelector: { 'kubernetes.io/hostname': SERVERS } };
  const fleet = await ProcessFleet.start({
    nodes: options.nodes,
    webReplicas: 0,
    to: options.offeredAtStart ? NEW : OLD,
    hostTimings: REAL_HOSTS,
    clusterTimings: { ...REAL_CLUSTER, readinessPeriodMs: options.probePeriodMs },
    installation: {
      placement: { apiserver: onServers, controller: onServers },
      ...(legacy === undefined ? {} : { certificates: 'provided' }),
    },
    env: { agent: { UPDATE_CHECK_INTERVAL_IN_SEC: String(options.checkIntervalS) } },
    onHostRequest: () => hostCallsMs.push(clock.monotonic()),
    wrap: (component, _node, ours) => {
      const pidFile = join(directory, `${component}-${String(pidFiles[component].length)}.pid`);
      pidFiles[component].push(pidFile);
      if (legacy !== undefined && surroundings === undefined) throw new Error(`${component} started before its surroundings were ready`);
      const { command, args } = surroundings?.command(component) ?? ours;
      return { command: '/bin/sh', args: ['-c', WRITE_PID, pidFile, command, ...args] };
    },
  });
  const close = async (): Promise<void> => {
    await fleet.close();
    await surroundings?.close();
    await rm(directory, { recursive: true, force: true });
  };
  const names = fleet.names;
  try {
    // Its pods have been waiting for their certificates.
    if (legacy !== undefined) {
      setProbes(fleet.simulation);
      surroundings = await surroundLegacy(legacy, placeIn(fleet.simulation), join(directory, 'files'));
    }
    fleet.cluster.addNode({ name: SERVERS, version: OLD, managed: false });
    fleet.cluster.apply(names.map((name) => pinnedWorkload(name, options.podsPerNode)));
  } catch (error) {
    await close();
    throw error;
  }

  const requests: (Request & { readonly atMs: number })[] = [];
  fleet.api.audit(({ user, verb, resource }) => {
    const component = COMPONENTS.find((one) => user.endsWith(`:${SERVICE_ACCOUNTS[one]}`));
    if (component !== undefined) requests.push({ component, verb, resource, atMs: clock.monotonic() });
  });
  const slots = watchSlots(fleet, clock, options.nodes, 1);
  const reactions = watchReactions(fleet, clock);
  const requestsBetween = (fromMs: number, toMs: number): Request[] => requests.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  const expectSoon = async (what: string, condition: () => boolean, limitMs: number): Promise<void> => {
    if (await fleet.until(condition, limitMs)) return;
    const last = fleet.lines.slice(-20).map(({ pod, text }) => `${pod}: ${text}`);
    throw new Error([`${legacy === undefined ? 'ours' : 'Brupop 1.x'}: ${what} took too long; its last lines:`, ...last].join('\n'));
  };

  return {
    settle: async () => {
      const started = (): boolean => names.every((name) => fleet.shadow(name)?.status != null);
      await expectSoon('the first report of every agent', started, options.limitMs);
    },
    update: async () => {
      fleet.cluster.repository.available = [NEW, OLD];
      await expectSoon('the updates', () => names.every((name) => fleet.isDone(name)), options.limitMs * (options.nodes + 1));
      await fleet.rest(TRAIL_MS);
      const times = slots();
      const toMs = times.lastMs + TRAIL_MS;
      return { times, reactionsMs: reactions(), requests: requestsBetween(times.firstMs, toMs), ms: toMs - times.firstMs };
    },
    rest: async () => {
      const { restMs, checkIntervalS } = options;
      const wholeIntervalsMs = restMs - (restMs % (checkIntervalS * 1_000)) || restMs;
      const fromMs = clock.monotonic();
      const before = usageByPid(pidFiles);
      await fleet.rest(restMs);
      const toMs = clock.monotonic();
      return {
        agentWatches: fleet.api.watchers.filter((user) => user.endsWith(`:${SERVICE_ACCOUNTS.agent}`)).length,
        requests: requestsBetween(fromMs, toMs),
        ms: toMs - fromMs,
        hostCalls: { count: hostCallsMs.filter((atMs) => atMs >= fromMs && atMs < fromMs + wholeIntervalsMs).length, ms: wholeIntervalsMs },
        processes: figures(pidFiles, before, toMs - fromMs),
      };
    },
    close,
  };
}

type PidFiles = Readonly<Record<Component, readonly string[]>>;

/** Process ids of the running ones. */
function running(files: readonly string[]): string[] {
  const ids = files.filter((file) => existsSync(file)).map((file) => readFileSync(file, 'utf8').trim());
  return ids.filter((id) => existsSync(`/proc/${id}/task`));
}

/** Processor time so far, in milliseconds. */
function usageByPid(files: PidFiles): ReadonlyMap<string, number> {
  return new Map(COMPONENTS.flatMap((component) => running(files[component]).map((id) => [id, usageOf(id).processorMs] as const)));
}

function figures(files: PidFiles, before: ReadonlyMap<string, number>, ms: number): Rest['processes'] {
  const after = usageByPid(files);
  const of = (component: Component): ProcessFigures[] =>
    running(files[component]).map((id) => ({
      anonMiB: anonOf(Number(id)) / MIB,
      millicores: (((after.get(id) ?? NaN) - (before.get(id) ?? NaN)) / ms) * 1_000,
    }));
  return { agent: of('agent'), apiserver: of('apiserver'), controller: of('controller') };
}
