import { BUNDLES, CONTROL_PLANE_PROGRAMS, provideBinaries, whatControlPlaneMisses } from '@brupop/e2e';
import type { Benchmark, Row } from './benchmark.ts';
import { ControlPlaneFleet } from './control-plane-fleet.ts';
import type { Counted } from './control-plane-fleet.ts';
import { beyondRest, breakdown, isOfCluster, reviewsIn } from './operator-requests.ts';
import type { OperatorRequest } from './operator-requests.ts';
import { hostMs, REAL_CLUSTER, REAL_HOSTS } from './physical-times.ts';
import type { LegacyBinaries } from './legacy-binaries.ts';
import { LEGACY } from './recorded.ts';
import { nameOfBeyond, nameOfRollout, rolloutRows } from './rollout-rows.ts';
import type { RolloutSize } from './rollout-rows.ts';
import type { SlotTimes } from './slot-times.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const PODS_PER_NODE = 3;
const SMOKE = 2;
const FEW = 10;
const MANY = 100;
/** Nodes of Brupop 1.x, which takes nearly two minutes for each. */
const LEGACYS = 3;
const CHECK_INTERVAL_S = 120;
/** The minimum interval of an agent, for rollouts of a version that all have noticed. */
const QUICK_CHECK_INTERVAL_S = 10;
const REST_MS = 5 * MINUTE_MS;
/** An accepted token is reviewed again after 20 minutes, with the next poll: a rest of this length has one review per token. */
const REVIEWED_FOR_MS = 22 * MINUTE_MS;
const IDLE = 'requests per idle node-hour';
const WATCHES = 'open watches per node';
const PER_UPDATE = 'requests per node update with three pods evicted';
const LONGEST_MS = HOUR_MS;
const FEW_SLOTS = [1, 10, 'unlimited'] as const;
const MANY_SLOTS = [10, 'unlimited', 1] as const;

/** Rollouts and load on a real control plane with simulated nodes. */
export const controlPlane: Benchmark = {
  async run({ smoke, legacy }) {
    const stop = AbortSignal.timeout(LONGEST_MS);
    const report = (line: string): void => {
      process.stderr.write(`${line}\n`);
    };
    const missing = await whatControlPlaneMisses(CONTROL_PLANE_PROGRAMS, { mayBuild: !smoke, report });
    if (missing.length > 0) return [{ what: missing.join('; '), unit: '', ours: [] }];
    const binaries = await provideBinaries(report, stop, CONTROL_PLANE_PROGRAMS);
    const start = ({ nodes, checkIntervalS = CHECK_INTERVAL_S, theirs }: FleetWish): Promise<ControlPlaneFleet> =>
      ControlPlaneFleet.start({
        binaries,
        nodes,
        podsPerNode: PODS_PER_NODE,
        checkIntervalS,
        legacy: theirs,
        hostTimings: REAL_HOSTS,
        clusterTimings: REAL_CLUSTER,
        bundles: BUNDLES,
        agentsAreThreads: nodes > FEW,
        signal: stop,
      });
    return smoke ? briefly(await start({ nodes: SMOKE, checkIntervalS: QUICK_CHECK_INTERVAL_S })) : wholly(start, legacy);
  },
};

interface FleetWish {
  readonly nodes: number;
  readonly checkIntervalS?: number;
  readonly theirs?: LegacyBinaries | undefined;
}

async function briefly(fleet: ControlPlaneFleet): Promise<Row[]> {
  try {
    return updateRows(fleet.nodes, await fleet.update(), 0);
  } finally {
    await fleet.close();
  }
}

async function wholly(start: (wish: FleetWish) => Promise<ControlPlaneFleet>, theirs: LegacyBinaries | undefined): Promise<Row[]> {
  const fleets: ControlPlaneFleet[] = [];
  const started = async (wish: FleetWish): Promise<ControlPlaneFleet> => {
    const fleet = await start(wish);
    fleets.push(fleet);
    return fleet;
  };
  try {
    const few = await started({ nodes: FEW });
    const many = await started({ nodes: MANY });
    const other = theirs === undefined ? undefined : await started({ nodes: LEGACYS, theirs });
    const [fewRest, manyRest, otherRest] = await Promise.all([few.rest(REST_MS), many.rest(REST_MS), other?.rest(REST_MS)]);
    const update = await few.update();
    const ofFew = await rollouts(few, FEW_SLOTS);
    await few.checkEvery(CHECK_INTERVAL_S);
    const [ofMany, reviewed, otherUpdate] = await Promise.all([rollouts(many, MANY_SLOTS), few.rest(REVIEWED_FOR_MS), other?.update()]);
    const reviewsPerHour = (reviewsIn(reviewed.requests) / reviewed.ms) * HOUR_MS;
    const rows = [...ofFew, ...ofMany, ...restRows([fewRest, manyRest], reviewsPerHour / FEW), ...updateRows(FEW, update, reviewsPerHour)];
    if (otherRest === undefined || otherUpdate === undefined) return rows;
    const measured = legacyFigures(LEGACYS, otherRest, otherUpdate);
    return rows.map((row) => ({ ...row, ...(row.what in measured ? { legacy: measured[row.what] ?? [] } : {}) }));
  } finally {
    await Promise.all(fleets.map((fleet) => fleet.close()));
  }
}

/** The figures of Brupop 1.x, by row. */
function legacyFigures(
  nodes: number,
  rest: Counted,
  update: Counted & { readonly times: SlotTimes },
): Readonly<Record<string, readonly number[]>> {
  const ofNode = rest.requests.filter((request) => request.component === 'agent' || reviewsIn([request]) > 0).length;
  const watches = rest.openWatches.filter(({ component }) => component === 'agent').length;
  const restDuringUpdate = (rest.requests.length / rest.ms) * update.ms;
  const beyond = update.times.spansMs.map((span) => (span - hostMs(REAL_HOSTS, REAL_CLUSTER)) / 1_000);
  return {
    [nameOfBeyond(nameOfRollout({ nodes: FEW, slots: 1 }))]: beyond,
    [IDLE]: [(ofNode / nodes / rest.ms) * HOUR_MS],
    [WATCHES]: [watches / nodes],
    [PER_UPDATE]: [(update.requests.length - restDuringUpdate) / nodes],
  };
}

async function rollouts(fleet: ControlPlaneFleet, all: readonly RolloutSize['slots'][]): Promise<Row[]> {
  await fleet.checkEvery(QUICK_CHECK_INTERVAL_S);
  const rows: Row[] = [];
  for (const slots of all) {
    const size = { nodes: fleet.nodes, slots };
    const [whole, beyond] = rolloutRows(nameOfRollout(size), await fleet.rollOut(slots), size, hostMs(REAL_HOSTS, REAL_CLUSTER));
    const isRecorded = size.nodes === FEW && slots === 1;
    rows.push(isRecorded ? { ...whole, goal: 80, legacy: LEGACY.tenNodesOneByOneSeconds } : whole, {
      ...beyond,
      goal: 1,
      ...(slots === 1 ? { legacy: LEGACY.beyondHostSeconds } : {}),
    });
  }
  return rows;
}

function restRows([few, many]: readonly [Counted, Counted], reviewsPerHour: number): Row[] {
  const ofNodes = ({ requests, ms }: Counted): number =>
    (requests.filter((request) => !isOfCluster(request) && reviewsIn([request]) === 0).length / ms) * HOUR_MS;
  const others = (ofNodes(many) - ofNodes(few)) / (MANY - FEW);
  const watches = (many.openWatches.length - few.openWatches.length) / (MANY - FEW);
  const ofCluster = many.requests.filter(isOfCluster);
  return [
    { what: IDLE, unit: '', ours: [reviewsPerHour + others], legacy: LEGACY.requestsPerIdleNodeHour, goal: 6, gate: { atMost: 6, ofRatio: false } },
    { what: '– of these, reviews of tokens', unit: '', ours: [reviewsPerHour] },
    { what: 'requests per idle cluster-hour, whatever its size', unit: '', ours: [(ofCluster.length / many.ms) * HOUR_MS] },
    ...breakdown('in that hour', ofCluster, many.ms / HOUR_MS),
    { what: WATCHES, unit: '', ours: [watches], legacy: LEGACY.openWatchesPerNode, goal: 0, gate: { atMost: 0, ofRatio: false } },
    { what: 'open watches of a cluster, whatever its size', unit: '', ours: [few.openWatches.length] },
  ]; // prettier-ignore
}

function updateRows(nodes: number, { requests, ms, openWatches }: Counted, reviewsPerHour: number): Row[] {
  const ofUpdate: readonly OperatorRequest[] = beyondRest(
    requests.filter((request) => !isOfCluster(request)),
    reviewsPerHour,
    ms / HOUR_MS,
  );
  const watches = openWatches.filter(({ component }) => component === 'agent').length / nodes;
  return [
    { what: 'open watches per node, by its agent', unit: '', ours: [watches], goal: 0, gate: { atMost: 0, ofRatio: false } },
    { what: PER_UPDATE, unit: '', ours: [ofUpdate.length / nodes], legacy: LEGACY.requestsPerUpdate, goal: 20, gate: { atMost: 33, ofRatio: false } },
    ...breakdown('per update', ofUpdate, nodes),
  ]; // prettier-ignore
}
