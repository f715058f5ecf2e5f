import type { BottlerocketShadow } from '@brupop/crd-models';
import type { FleetObservation, FleetPolicy, NodeObservation } from '@brupop/state-machine';
import { DEFAULT_TIMEOUTS, planFleet } from '@brupop/state-machine';
import type { Benchmark, Row } from './benchmark.ts';
import { median, quantile } from './benchmark.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const POLICY: FleetPolicy = { maxConcurrentUpdates: 10, window: { kind: 'always' }, timeouts: DEFAULT_TIMEOUTS, soakMs: 0 };
const ZONES = ['a', 'b', 'c'];
/** Number of nodes, and of plans of each. */
const SIZES = { full: new Map([[1_000, 200], [10_000, 60], [100_000, 20]]), smoke: new Map([[200, 20], [2_000, 20]]) }; // prettier-ignore
const GOALS = new Map([[100_000, 100]]);
/** Large enough to make the fixed part negligible, small enough that few plans meet a garbage collection. */
const ALLOCATING_NODES = 1_000;
// Code that has not been compiled yet allocates more.
const WARM_UP_PLANS = 300;
// All objects that a plan creates, per node: its state and its reason.
const MOST_BYTES_PER_NODE = 900;
// Growth of the cost per node; n log n predicts 1.25 from 10,000 to 100,000 nodes, and cache misses add to it.
const MOST_GROWTH = 4;

/** The duration of the decision alone. */
export const plan: Benchmark = {
  run: ({ smoke }) => Promise.resolve(measure(smoke ? SIZES.smoke : SIZES.full)),
};

function measure(sizes: ReadonlyMap<number, number>): Row[] {
  const costs: { nodes: number; perNode: number }[] = [];
  const rows = [...sizes].flatMap(([nodes, times]): Row[] => {
    const fleet = aFleet(nodes);
    const ours: number[] = [];
    const baseline: number[] = [];
    for (let at = 0; at < times; at++) {
      ours.push(processorMs(() => planFleet(fleet, POLICY, NOW)));
      baseline.push(processorMs(() => JSON.stringify(fleet.shadows)));
    }
    costs.push({ nodes, perNode: median(ours) / nodes });
    const what = `${nodes.toLocaleString('en-US')} nodes`;
    const goal = GOALS.get(nodes);
    return [
      {
        what: `${what}, p50`,
        unit: 'ms',
        ours,
        baseline: { name: 'JSON', values: baseline },
        ...(goal === undefined ? {} : { goal }),
        gate: { atMost: 20, ofRatio: true },
      },
      { what: `${what}, p99`, unit: 'ms', ours: [quantile(ours, 0.99)] },
    ];
  });
  const [smaller, larger] = costs.slice(-2);
  const growth = (larger?.perNode ?? NaN) / (smaller?.perNode ?? NaN);
  return [...rows, { what: 'growth', unit: '', ours: [growth], gate: { atMost: MOST_GROWTH, ofRatio: false } }, allocated()];
}

function allocated(): Row {
  const fleet = aFleet(ALLOCATING_NODES);
  const bytes = Array.from({ length: 2 * WARM_UP_PLANS }, () => bytesOf(() => planFleet(fleet, POLICY, NOW)) / ALLOCATING_NODES);
  return {
    what: 'allocated per node and plan',
    unit: 'bytes',
    ours: [median(bytes.slice(WARM_UP_PLANS))],
    gate: { atMost: MOST_BYTES_PER_NODE, ofRatio: false },
  };
}

function processorMs(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The memory that `use` allocates; less, if a garbage collection happens in between. */
function bytesOf(work: () => unknown): number {
  const before = process.memoryUsage().heapUsed;
  work();
  return process.memoryUsage().heapUsed - before;
}

function aFleet(nodes: number): FleetObservation {
  const names = Array.from({ length: nodes }, (_, at) => `ip-10-0-${String(at).padStart(6, '0')}.eu-central-1.compute.internal`);
  return { nodes: names.map(aNode), shadows: names.map(aShadow), agents: new Map(names.map((name) => [name, true])) };
}

function aNode(name: string, at: number): NodeObservation {
  return {
    name,
    uid: `node-${name}`,
    managed: true,
    ready: true,
    readySince: '2026-01-04T00:00:00Z',
    unschedulable: false,
    tainted: false,
    cordonedByUs: false,
    excludedByUs: false,
    deleting: false,
    zone: ZONES[at % ZONES.length] ?? 'a',
  };
}

function aShadow(name: string, at: number): BottlerocketShadow {
  return {
    apiVersion: 'brupop.bottlerocket.aws/v2',
    kind: 'BottlerocketShadow',
    metadata: {
      name: `brs-${name}`,
      namespace: 'brupop-bottlerocket-aws',
      uid: `shadow-${name}`,
      resourceVersion: String(at),
      creationTimestamp: '2026-01-01T00:00:00Z',
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: `node-${name}` }],
    },
    spec: { state: 'Idle' },
    status: {
      current_state: 'Idle',
      current_version: '1.26.1',
      target_version: at % 10 === 0 ? '1.26.1' : '1.27.0',
      crash_count: at % 50 === 0 ? 1 : 0,
      ...(at % 50 === 0 ? { state_transition_failure_timestamp: '2026-01-05T11:00:00Z' } : {}),
    },
  };
}
