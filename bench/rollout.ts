import { Fleet } from '@brupop/e2e';
import type { Benchmark, Row } from './benchmark.ts';

const HOUR_MS = 3_600_000;
const LONG_MS = 240 * HOUR_MS;
const REFILL_MS = 100;
/** Nodes and slots. */
const FLEETS = {
  full: [
    { nodes: 100, slots: 10 },
    { nodes: 1_000, slots: 50 },
    { nodes: 5_000, slots: 500 },
  ],
  smoke: [{ nodes: 12, slots: 3 }],
} as const;

/** Whole rollouts on a virtual clock. */
export const rollout: Benchmark = {
  title: 'Whole rollouts on a virtual clock',
  method:
    'The code of all three processes on the simulator, where time passes only when nothing is left to do: seconds are those of the clock in the fleet. A slot' +
    ' is free from the write after which spec and status of a node say Idle to the write that starts the next, as long as nodes wait; the baseline is the shortest rollout that the' +
    ' hosts and their workloads allow: as long as one node takes, as often as nodes share a slot.',
  async run({ smoke }) {
    const rows: Row[] = [];
    for (const size of smoke ? FLEETS.smoke : FLEETS.full) rows.push(...(await rollOut(size)));
    return rows;
  },
};

async function rollOut({ nodes, slots }: { readonly nodes: number; readonly slots: number }): Promise<Row[]> {
  const fleet = new Fleet({ nodes, webReplicas: 0, policy: { maxConcurrentUpdates: slots } });
  try {
    const slotsSeen = watchSlots(fleet, nodes, slots);
    const startedMs = fleet.clock.monotonic();
    if (!(await fleet.rollOut(LONG_MS))) throw new Error(`${String(nodes)} nodes were not updated in time`);
    const { firstMs, lastMs, gapsMs, spansMs } = slotsSeen();
    const what = `${nodes.toLocaleString('en-US')} nodes, ${String(slots)} at a time`;
    const shortest = (spansMs.reduce((sum, span) => sum + span, 0) / nodes / 1000) * Math.ceil(nodes / slots);
    return [
      {
        what: `${what}: first start to last end`,
        unit: 's',
        ours: [(lastMs - firstMs) / 1000],
        baseline: { name: 'shortest', values: [shortest] },
        gate: { atMost: 1.5, ofRatio: true },
      },
      { what: `${what}: a free slot waits`, unit: 'ms', ours: gapsMs, goal: REFILL_MS },
      { what: `${what}: slots that waited longer than ${String(REFILL_MS)} ms`, unit: '', ours: [gapsMs.filter((gap) => gap > REFILL_MS).length], goal: 0, gate: { atMost: 0, ofRatio: false } }, // prettier-ignore
      { what: `${what}: first start after the start of the fleet`, unit: 's', ours: [(firstMs - startedMs) / 1000] },
    ];
  } finally {
    fleet.stop();
  }
}

interface SlotTimes {
  readonly firstMs: number;
  readonly lastMs: number;
  /** How long each slot that became free stayed free while nodes waited. */
  readonly gapsMs: readonly number[];
  /** How long each node held its slot. */
  readonly spansMs: readonly number[];
}

/** Notes when each node takes a slot and gives it back. */
function watchSlots(fleet: Fleet, nodes: number, slots: number): () => SlotTimes {
  const heldSinceMs = new Map<string, number>();
  const freeSinceMs: number[] = [];
  const gapsMs: number[] = [];
  const spansMs: number[] = [];
  let [started, firstMs, lastMs] = [0, NaN, NaN];
  fleet.onShadow(({ metadata: { name }, spec, status }) => {
    const nowMs = fleet.clock.monotonic();
    const sinceMs = heldSinceMs.get(name);
    const isIdle = spec.state === 'Idle' && (status?.current_state ?? 'Idle') === 'Idle';
    if (!isIdle && sinceMs === undefined) {
      heldSinceMs.set(name, nowMs);
      if (started++ === 0) firstMs = nowMs;
      const freeMs = freeSinceMs.shift();
      if (freeMs !== undefined) gapsMs.push(nowMs - freeMs);
    } else if (isIdle && sinceMs !== undefined) {
      heldSinceMs.delete(name);
      spansMs.push(nowMs - sinceMs);
      lastMs = nowMs;
      if (started < nodes && heldSinceMs.size < slots) freeSinceMs.push(nowMs);
    }
  });
  return () => ({ firstMs, lastMs, gapsMs: gapsMs.length > 0 ? gapsMs : [0], spansMs });
}
