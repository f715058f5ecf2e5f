import { existsSync } from 'node:fs';
import { request } from 'node:https';
import { resolve } from 'node:path';
import { DEFAULT_NAMESPACE, shadowName } from '@brupop/crd-models';
import type { BottlerocketShadow } from '@brupop/crd-models';
import { NODE_FLAGS } from '@brupop/manifests';
import { sleep, systemClock } from '@brupop/ports';
import type { Benchmark, Row } from './benchmark.ts';
import { quantile } from './benchmark.ts';
import type { LargeCluster } from './large-cluster.ts';
import { startLargeCluster } from './large-cluster.ts';
import type { MeasuredProcess } from './measured-process.ts';
import { startOn } from './process-on-cluster.ts';
import type { StartedProcess } from './process-on-cluster.ts';
import { LEGACY } from './recorded.ts';

const SIZES = {
  full: { fleets: [5_000, 20_000], joining: 2_000, reactions: 200, steadyMs: 60_000, quietMs: 5_000, smallMs: 25_000 },
  smoke: { fleets: [50], joining: 20, reactions: 6, steadyMs: 1_000, quietMs: 1_500, smallMs: 2_000 },
};
const SMALL_MIB = 64;
const SMALL_FLEETS = [50, 5_000];
// The conditions of a new fleet are written at 50 a second; with the largest fleet there is no wait for them.
const SETTLE_LIMIT_MS = 180_000;
const FEW = 20;
const NO_LIMIT_MIB = 2_048;
const BASELINE_LIMIT_MIB = 4_096;
const REACTION_LIMIT_MS = 30_000;
const GOALS = new Map([[5_000, { peakMiB: 48, syncMs: 2_000, reactionMs: 50, millicores: 5 }]]);
const SECOND_MS = 1_000;
const JOINS = 60;
const NODE_EVENTS = 17;
const SHADOW_EVENTS = 5;
const BUNDLE = resolve(import.meta.dirname, '../apps/controller/dist/main.mjs');
const INFORMERS = resolve(import.meta.dirname, 'informers.ts');
const DISCARDING = resolve(import.meta.dirname, 'discarding-client.ts');

/** The cost of the controller in a large cluster, and its reaction time. */
export const controller: Benchmark = {
  async run({ smoke }) {
    if (!existsSync(BUNDLE)) throw new Error(`${BUNDLE} is missing: run npm run build:bundles`);
    const { fleets, joining, ...size } = smoke ? SIZES.smoke : SIZES.full;
    const fleetsRows: Row[][] = [];
    for (const nodes of fleets) fleetsRows.push(await measure(nodes, size));
    const peaks = fleetsRows.map(([{ ours: [peak = NaN] } = { ours: [] }]) => peak);
    const [few = 0, many = 0] = fleets;
    const growth = (((peaks[1] ?? NaN) - (peaks[0] ?? NaN)) * 1_024) / (many - few);
    return [
      ...fleetsRows.flat(),
      {
        what: `${joining.toLocaleString('en-US')} nodes join, ${String(JOINS)} a second: peak memory`,
        unit: 'MiB',
        ours: [await peakOfJoins(joining)],
      },
      ...(smoke ? [] : [{ what: 'memory of one more node, its shadow and its agent', unit: 'KiB', ours: [growth] }]),
    ];
  },
};

async function measure(
  nodes: number,
  { reactions, steadyMs, quietMs, smallMs }: Omit<typeof SIZES.full, 'fleets' | 'joining'>,
): Promise<Row[]> {
  const cluster = await startLargeCluster(nodes);
  const running: MeasuredProcess[] = [];
  try {
    const start = async (args: readonly string[], limitMiB: number): Promise<StartedProcess> => {
      const started = await startOn(cluster, args, limitMiB);
      running.push(started.process);
      return started;
    };
    // The previous controller has left its Lease behind, so this one lists everything first, and leads a quarter of a minute later.
    const killsAt = async (limitMiB: number): Promise<number> => {
      const { process } = await start([...NODE_FLAGS.controller, BUNDLE], limitMiB);
      if (!process.wasKilled()) await sleep(systemClock, smallMs);
      await running.pop()?.stop();
      return process.wasKilled() ? 1 : 0;
    };
    const millicoresAtRest = async (process: MeasuredProcess, shadowEvents = SHADOW_EVENTS): Promise<number> => {
      const before = process.processorMs();
      await steady(cluster, steadyMs, shadowEvents);
      return ((process.processorMs() - before) / steadyMs) * 1_000;
    };

    const ours = await start([...NODE_FLAGS.controller, BUNDLE], NO_LIMIT_MIB);
    const reacted = await react(cluster, reactions);
    const isSettled = await settled(cluster, quietMs);
    const millicores = isSettled ? [await millicoresAtRest(ours.process)] : [];
    const heartbeatMillicores = isSettled ? [await millicoresAtRest(ours.process, 0)] : [];
    const peak = ours.process.peakMiB();
    await running.pop()?.stop();

    const textbook = await start(['--conditions=@brupop/source', INFORMERS], BASELINE_LIMIT_MIB);
    const textbookPeak = textbook.process.peakMiB();
    const textbookMillicores = isSettled ? [await millicoresAtRest(textbook.process)] : [];
    await running.pop()?.stop();

    const discarding = await start(['--conditions=@brupop/source', DISCARDING], NO_LIMIT_MIB);
    const discardingMillicores = isSettled ? [await millicoresAtRest(discarding.process, 0)] : [];
    await running.pop()?.stop();

    const kills = SMALL_FLEETS.includes(nodes) ? [await killsAt(SMALL_MIB)] : [];
    const goals = GOALS.get(nodes);
    const what = `${nodes.toLocaleString('en-US')} nodes of ${(cluster.nodeBytes / 1_000).toFixed(0)} KB`;
    const goal = (value: number | undefined): Pick<Row, 'goal'> => (value === undefined ? {} : { goal: value });
    return [
      {
        what: `${what}: peak memory`,
        unit: 'MiB',
        ours: [peak],
        baseline: { name: 'informers', values: [textbookPeak] },
        ...goal(goals?.peakMiB),
      },
      ...(kills.length === 0
        ? []
        : [{ what: `${what}: times that a limit of ${String(SMALL_MIB)} MiB has killed it`, unit: '', ours: kills, goal: 0 }]),
      {
        what: `${what}: first sync`,
        unit: 'ms',
        ours: [ours.syncMs],
        baseline: { name: 'informers', values: [textbook.syncMs] },
        ...goal(goals?.syncMs),
      },
      {
        what: `${what}: reaction`,
        unit: 'ms',
        ours: reacted.ours,
        baseline: { name: 'PATCH', values: reacted.bare },
        legacy: LEGACY.reactionMs.median,
      },
      {
        what: `${what}: reaction, p99`,
        unit: 'ms',
        ours: [quantile(reacted.ours, 0.99)],
        legacy: LEGACY.reactionMs.max,
        ...goal(goals?.reactionMs),
      },
      {
        what: `${what}: steady processor time`,
        unit: 'millicores',
        ours: millicores,
        baseline: { name: 'informers', values: textbookMillicores },
        ...goal(goals?.millicores),
      },
      {
        what: `${what}: heartbeats alone`,
        unit: 'millicores',
        ours: heartbeatMillicores,
        baseline: { name: 'thrown away', values: discardingMillicores },
      },
    ];
  } finally {
    await Promise.all(running.map((process) => process.stop()));
    await cluster.close();
  }
}

/** Peak memory in MiB of a controller that starts with a small fleet, which this number of nodes then joins. */
async function peakOfJoins(nodes: number): Promise<number> {
  const cluster = await startLargeCluster(FEW);
  let started: StartedProcess | undefined;
  try {
    started = await startOn(cluster, [...NODE_FLAGS.controller, BUNDLE], NO_LIMIT_MIB);
    await settled(cluster, SECOND_MS);
    for (let joined = 0; joined < nodes; joined++) {
      cluster.grow(1);
      await sleep(systemClock, SECOND_MS / JOINS);
    }
    return started.process.peakMiB();
  } finally {
    await started?.process.stop();
    await cluster.close();
  }
}

/** Waits until the controller stops writing. @returns whether it did so in time */
async function settled({ api }: LargeCluster, quietMs: number): Promise<boolean> {
  let lastMs = performance.now();
  const endMs = lastMs + SETTLE_LIMIT_MS;
  const stop = api.audit(({ verb, resource }) => {
    if (verb === 'patch' && resource === 'bottlerocketshadows') lastMs = performance.now();
  });
  while (performance.now() - lastMs < quietMs && performance.now() < endMs) await sleep(systemClock, 100);
  stop();
  return performance.now() < endMs;
}

/** Plays the agent of the one node that may be updated, and measures how long the controller takes to write each next step. */
async function react(cluster: LargeCluster, times: number): Promise<{ readonly ours: number[]; readonly bare: number[] }> {
  const [ours, bare]: [number[], number[]] = [[], []];
  const specs = watchSpecs(cluster);
  let node = await specs.next((shadow) => shadow.spec.state !== 'Idle');
  while (ours.length < times) {
    const { spec } = cluster.shadow(node);
    const version = spec.state === 'StagedAndPerformedUpdate' ? undefined : (spec.version ?? undefined);
    const changed = specs.next((shadow) => shadow.metadata.name === shadowName(node) && shadow.spec.state !== spec.state);
    const startedMs = performance.now();
    cluster.report(node, { current_state: spec.state, ...(version === undefined ? {} : { current_version: version }) });
    await changed;
    ours.push(performance.now() - startedMs);
    bare.push(await barePatch(cluster));
    if (cluster.shadow(node).spec.state !== 'Idle') continue;
    const started = specs.next((shadow) => shadow.spec.state !== 'Idle');
    cluster.report(node, { current_state: 'Idle' });
    node = await started;
  }
  return { ours, bare };
}

interface Specs {
  /** The node of the next shadow with this spec. */
  next(isIt: (shadow: BottlerocketShadow) => boolean): Promise<string>;
}

function watchSpecs(cluster: LargeCluster): Specs {
  let waiting: { isIt: (shadow: BottlerocketShadow) => boolean; resolve: (node: string) => void } | undefined;
  const byShadow = new Map(cluster.names.map((name) => [shadowName(name), name]));
  cluster.api.store.watch<BottlerocketShadow>({ group: 'brupop.bottlerocket.aws', resource: 'bottlerocketshadows' }, ({ object }) => {
    if (waiting?.isIt(object) !== true) return;
    const { resolve: found } = waiting;
    waiting = undefined;
    found(byShadow.get(object.metadata.name) ?? '');
  });
  return {
    next: (isIt) =>
      new Promise((found, reject) => {
        const already = cluster.names.find((name) => isIt(cluster.shadow(name)));
        if (already !== undefined) {
          found(already);
          return;
        }
        const limit = setTimeout(() => {
          reject(new Error('the controller wrote no next step'));
        }, REACTION_LIMIT_MS);
        waiting = {
          isIt,
          resolve: (node) => {
            clearTimeout(limit);
            found(node);
          },
        };
      }),
  };
}

function barePatch({ url, caPem, api, names: [name = ''] }: LargeCluster): Promise<number> {
  const startedMs = performance.now();
  return new Promise((found, reject) => {
    const path = `/apis/brupop.bottlerocket.aws/v2/namespaces/${DEFAULT_NAMESPACE}/bottlerocketshadows/${shadowName(name)}`;
    const headers = { authorization: `Bearer ${api.adminToken}`, 'content-type': 'application/merge-patch+json' };
    request(`${url}${path}`, { method: 'PATCH', ca: caPem, headers }, (response) => {
      response.resume().once('end', () => {
        found(performance.now() - startedMs);
      });
    })
      .once('error', reject)
      .end('{"metadata":{}}');
  });
}

/** Heartbeats of nodes and reports of agents, as in an idle fleet of this size. */
async function steady(cluster: LargeCluster, forMs: number, shadowEvents: number): Promise<void> {
  const nodeAt = (at: number): string => cluster.names[at % cluster.names.length] ?? '';
  const endMs = performance.now() + forMs;
  for (let second = 0; performance.now() < endMs; second++) {
    for (let at = 0; at < NODE_EVENTS; at++) {
      cluster.heartbeat(nodeAt(second * NODE_EVENTS + at));
      if (at % 4 === 0 && at < 4 * shadowEvents)
        cluster.report(nodeAt((second * SHADOW_EVENTS + at) * 7), { current_version: second % 2 === 0 ? '1.26.1' : '1.26.2' });
      await sleep(systemClock, SECOND_MS / NODE_EVENTS);
    }
  }
}
