import { APISERVER_COMPONENT } from '@brupop/crd-models';
import { Fleet } from '@brupop/e2e';
import type { Benchmark } from './benchmark.ts';
import { beyondRest, breakdown, componentOfUser, isOfCluster, reviewsIn } from './operator-requests.ts';
import type { OperatorRequest } from './operator-requests.ts';
import { pinnedWorkload } from './pinned-workload.ts';
import { LEGACY } from './recorded.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LONG_MS = 48 * HOUR_MS;
const SIZES = { full: [10, 40], smoke: [2, 4] } as const;
/** Nodes that are not updated. The operator's own pods run there: otherwise some updates would have more pods to evict. */
const OTHERS = 3;
const PODS_PER_NODE = 3;

/** The operator's requests to the Kubernetes API and to the hosts. */
export const load: Benchmark = {
  async run({ smoke }) {
    const [few, many] = smoke ? SIZES.smoke : SIZES.full;
    const small = await observeFleet(few);
    const large = await observeFleet(many);
    const perNode = (count: (fleet: Counted) => number): number => (count(large) - count(small)) / (many - few);
    const rest = perNode(({ rest: requests }) => requests.length);
    return [
      {
        what: 'requests per idle node-hour',
        unit: '',
        ours: [rest],
        legacy: LEGACY.requestsPerIdleNodeHour,
        goal: 6,
        gate: { atMost: 6, ofRatio: false },
      },
      { what: 'requests per idle cluster-hour, whatever its size', unit: '', ours: [small.rest.length - rest * few] },
      ...breakdown('in that hour', large.rest, 1),
      {
        what: 'open watches per node',
        unit: '',
        ours: [perNode(({ watches }) => watches)],
        legacy: LEGACY.openWatchesPerNode,
        goal: 0,
        gate: { atMost: 0, ofRatio: false },
      },
      {
        what: 'host API calls per idle node-minute',
        unit: '',
        ours: [large.hostCalls / many / 60],
        legacy: LEGACY.hostCallsPerIdleNodeMinute,
        goal: 1.5,
        gate: { atMost: 1.7, ofRatio: false },
      },
      {
        what: 'requests per node update with three pods evicted',
        unit: '',
        ours: [large.update.length / many],
        legacy: LEGACY.requestsPerUpdate,
        goal: 20,
        // The simulation sends 1 to 2 more than a real control plane does: see there.
        gate: { atMost: 33, ofRatio: false },
      },
      { what: 'pods evicted per node update', unit: '', ours: [large.evictions / many] },
      ...breakdown('per update', large.update, many),
    ];
  },
};

interface Counted {
  /** Requests in an hour of rest. */
  readonly rest: readonly OperatorRequest[];
  readonly hostCalls: number;
  /** Watches opened since the start that did not replace another. */
  readonly watches: number;
  /** Requests in the rollout, except those of the same time of rest. */
  readonly update: readonly OperatorRequest[];
  readonly evictions: number;
}

async function observeFleet(nodes: number): Promise<Counted> {
  const fleet = new Fleet({
    nodes: OTHERS + nodes,
    node: (at) => ({ managed: at >= OTHERS }),
    installed: false,
    webReplicas: 0,
    keptConnections: true,
    agentSettings: { updateCheckIntervalMs: 2 * MINUTE_MS },
  });
  try {
    let entries: OperatorRequest[] = [];
    let hostCalls = 0;
    fleet.api.audit((entry) => {
      const component = componentOfUser(entry.user);
      if (component !== undefined) entries.push({ ...entry, component });
    });
    fleet.runner.onHostRequest = () => {
      hostCalls += 1;
    };
    const offered = fleet.cluster.repository.available;
    fleet.cluster.repository.available = offered.slice(-1);
    const updated = fleet.names.slice(OTHERS);
    await install(fleet, updated);
    await expectSoon(fleet, () => updated.every((name) => fleet.shadow(name)?.status != null));
    await fleet.rest(10 * MINUTE_MS);
    const watches = watchedBy(entries);
    entries = [];
    hostCalls = 0;
    await fleet.rest(HOUR_MS);
    const [rest, restCalls] = [entries, hostCalls];
    entries = [];
    const startedMs = fleet.clock.monotonic();
    fleet.cluster.repository.available = offered;
    if (!(await fleet.until(() => updated.every((name) => fleet.isDone(name)), LONG_MS))) throw new Error('the rollout did not end');
    const hours = (fleet.clock.monotonic() - startedMs) / HOUR_MS;
    const update = beyondRest(
      entries.filter((entry) => !isOfCluster(entry)),
      reviewsIn(rest),
      hours,
    );
    return { rest, hostCalls: restCalls, watches, update, evictions: fleet.cluster.drainStatistics().evicted };
  } finally {
    fleet.stop();
  }
}

/** The operator's own pods run on nodes that are not updated; each of the others has pods that run on no other node. */
async function install(fleet: Fleet, updated: readonly string[]): Promise<void> {
  const cordon = (unschedulable: boolean): void => {
    for (const name of updated) fleet.cluster.store.patch('Node', { name }, { spec: { unschedulable } });
  };
  cordon(true);
  fleet.install();
  await expectSoon(fleet, () => fleet.running(APISERVER_COMPONENT).length > 0 && fleet.runner.controllers.size > 0);
  cordon(false);
  fleet.cluster.apply(updated.map((name) => pinnedWorkload(name, PODS_PER_NODE)));
}

async function expectSoon(fleet: Fleet, condition: () => boolean): Promise<void> {
  if (!(await fleet.until(condition, HOUR_MS))) throw new Error('the fleet did not come up');
}

/** Watched collections, by component. */
function watchedBy(entries: readonly OperatorRequest[]): number {
  return new Set(entries.filter(({ verb }) => verb === 'watch').map(({ component, resource, name }) => [component, resource, name].join()))
    .size;
}
