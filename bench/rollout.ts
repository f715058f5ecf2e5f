import { Fleet, ProcessFleet } from '@brupop/e2e';
import { systemClock } from '@brupop/ports';
import type { Benchmark, Row } from './benchmark.ts';
import { hostMs, REAL_CLUSTER, REAL_HOSTS } from './physical-times.ts';
import { LEGACY } from './recorded.ts';
import { pinnedWorkload } from './pinned-workload.ts';
import { nameOfRollout, rolloutRows } from './rollout-rows.ts';
import type { RolloutSize } from './rollout-rows.ts';
import { watchSlots } from './slot-times.ts';

const HOUR_MS = 3_600_000;
const LONG_MS = 240 * HOUR_MS;
const REAL_LIMIT_MS = HOUR_MS / 4;
const REFILL_MS = 100;
const BEYOND_S = 1;
const PODS_PER_NODE = 3;

const SIZES: Readonly<Record<'full' | 'smoke', { readonly virtual: readonly RolloutSize[]; readonly real: readonly RolloutSize[] }>> = {
  full: {
    virtual: [
      { nodes: 100, slots: 1 },
      { nodes: 100, slots: 10 },
      { nodes: 100, slots: 'unlimited' },
      { nodes: 1_000, slots: 50 },
      { nodes: 5_000, slots: 500 },
    ],
    real: [
      { nodes: 10, slots: 1 },
      { nodes: 10, slots: 10 },
      { nodes: 10, slots: 'unlimited' },
    ],
  },
  smoke: { virtual: [{ nodes: 12, slots: 3 }], real: [{ nodes: 2, slots: 1 }] },
};

/** Whole rollouts, in real time and on a virtual clock. */
export const rollout: Benchmark = {
  async run({ smoke }) {
    const { virtual, real } = smoke ? SIZES.smoke : SIZES.full;
    const rows: Row[] = [];
    for (const size of real) rows.push(...(await inProcesses(size, smoke)));
    for (const size of virtual) rows.push(...(await onVirtualClock(size)));
    return rows;
  },
};

async function inProcesses({ nodes, slots }: RolloutSize, smoke: boolean): Promise<Row[]> {
  const fleet = await ProcessFleet.start({
    nodes,
    webReplicas: 0,
    hostTimings: REAL_HOSTS,
    clusterTimings: REAL_CLUSTER,
    env: { controller: { MAX_CONCURRENT_UPDATE: String(slots) } },
  });
  try {
    fleet.cluster.apply(fleet.names.map((name) => pinnedWorkload(name, PODS_PER_NODE)));
    const times = watchSlots(fleet, systemClock, nodes, slots === 'unlimited' ? Infinity : slots);
    if (!(await fleet.rollOut(REAL_LIMIT_MS))) throw new Error(`${String(nodes)} nodes were not updated in time`);
    const isRecorded = nodes === 10 && slots === 1;
    const rows = rolloutRows(`real time: ${nameOfRollout({ nodes, slots })}`, times(), { nodes, slots }, hostMs(REAL_HOSTS, REAL_CLUSTER));
    return rows.map((row) => ({
      ...row,
      ...(smoke || !row.what.endsWith('host') ? {} : { goal: BEYOND_S }),
      ...(row.what.endsWith('host') && slots === 1 ? { legacy: LEGACY.beyondHostSeconds } : {}),
      ...(isRecorded && row.what.endsWith('end') ? { goal: 80, legacy: LEGACY.tenNodesOneByOneSeconds } : {}),
    }));
  } finally {
    await fleet.close();
  }
}

async function onVirtualClock({ nodes, slots }: RolloutSize): Promise<Row[]> {
  const fleet = new Fleet({ nodes, webReplicas: 0, policy: { maxConcurrentUpdates: slots } });
  try {
    const times = watchSlots(fleet, fleet.clock, nodes, slots === 'unlimited' ? Infinity : slots);
    if (!(await fleet.rollOut(LONG_MS))) throw new Error(`${String(nodes)} nodes were not updated in time`);
    const seen = times();
    const what = `virtual: ${nameOfRollout({ nodes, slots })}`;
    const late = seen.gapsMs.filter((gap) => gap > REFILL_MS).length;
    // If there is nothing to drain, no pod has to end.
    const [whole, beyond] = rolloutRows(what, seen, { nodes, slots }, hostMs({}, { terminationMs: 0 }));
    return [
      // If all nodes may be updated at once, the last waits for another.
      slots === 'unlimited' ? whole : { ...whole, gate: { atMost: 1.5, ofRatio: true } },
      { ...beyond, goal: BEYOND_S },
      ...(slots === 'unlimited' ? [] : [{ what: `${what}: a free slot waits`, unit: 'ms', ours: seen.gapsMs, goal: REFILL_MS }, { what: `${what}: slots that waited longer than ${String(REFILL_MS)} ms`, unit: '', ours: [late], goal: 0, gate: { atMost: 0, ofRatio: false } }]),
    ]; // prettier-ignore
  } finally {
    fleet.stop();
  }
}
