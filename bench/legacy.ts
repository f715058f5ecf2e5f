import type { Component } from '@brupop/manifests';
import type { Benchmark, Row } from './benchmark.ts';
import { startOperator } from './observed-operator.ts';
import type { ObservedOperator, ObservedOptions, Request, Rest, Updates } from './observed-operator.ts';
import { hostMs, REAL_CLUSTER, REAL_HOSTS } from './physical-times.ts';
import { LEGACY } from './recorded.ts';

const MINUTE_MS = 60_000;
const SIZES: Readonly<Record<'full' | 'smoke', ObservedOptions>> = {
  full: {
    nodes: 3,
    podsPerNode: 3,
    checkIntervalS: 120,
    offeredAtStart: false,
    restMs: 290_000,
    probePeriodMs: 10_000,
    limitMs: 6 * MINUTE_MS,
  },
  smoke: { nodes: 1, podsPerNode: 3, checkIntervalS: 10, offeredAtStart: true, restMs: 3_000, probePeriodMs: 250, limitMs: MINUTE_MS },
};
const COMPONENTS = ['agent', 'apiserver', 'controller'] as const;
// Anonymous memory and own processor time at rest.
const RECORDED: Readonly<Record<Component, { readonly anonMiB: number; readonly millicores: number }>> = {
  agent: { anonMiB: LEGACY.agent.anonMiB, millicores: LEGACY.agent.ownIdleMillicores },
  apiserver: { anonMiB: LEGACY.apiserverOfTenNodes.anonMiB, millicores: LEGACY.apiserverOfTenNodes.idleMillicores },
  controller: { anonMiB: LEGACY.controllerOfTenNodes.anonMiB, millicores: LEGACY.controllerOfTenNodes.idleMillicores },
};

/** The measurements of one operator. */
interface Observed {
  readonly rest: Rest;
  readonly updates: Updates;
}

/** Our three processes and those of Brupop 1.x, doing the same work. */
export const legacy: Benchmark = {
  async run({ smoke, legacy: binaries }) {
    const options = smoke ? SIZES.smoke : SIZES.full;
    // A node of Brupop 1.x takes too long for a smoke test.
    const [ours, theirs] = await observe(options, smoke || binaries === undefined ? [undefined] : [undefined, binaries]);
    return ours === undefined ? [] : rows(options, ours, theirs, smoke);
  },
};

async function observe(options: ObservedOptions, which: readonly Parameters<typeof startOperator>[1][]): Promise<Observed[]> {
  const operators: ObservedOperator[] = [];
  try {
    for (const binaries of which) operators.push(await startOperator(options, binaries));
    await Promise.all(operators.map((operator) => operator.settle()));
    const updated: { readonly operator: ObservedOperator; readonly updates: Updates }[] = [];
    for (const operator of operators) updated.push({ operator, updates: await operator.update() });
    return await Promise.all(updated.map(async ({ operator, updates }) => ({ updates, rest: await operator.rest() })));
  } finally {
    await Promise.all(operators.map((operator) => operator.close()));
  }
}

function rows({ nodes, podsPerNode }: ObservedOptions, ours: Observed, theirs: Observed | undefined, smoke: boolean): Row[] {
  const row = (
    what: string,
    unit: string,
    values: (observed: Observed) => readonly number[],
    { recorded, ...more }: Pick<Row, 'goal' | 'gate'> & { readonly recorded?: number } = {},
  ): Row => {
    const measured = theirs === undefined ? recorded : values(theirs);
    return { what, unit, ours: values(ours), ...(measured === undefined ? {} : { legacy: measured }), ...more };
  };
  const spans = ({ updates: { times } }: Observed): readonly number[] => times.spansMs.map((span) => span / 1_000);
  const physicalS = hostMs(REAL_HOSTS, REAL_CLUSTER) / 1_000;
  const ofNode = ({ component, resource }: Request): boolean => component === 'agent' || resource === 'tokenreviews';
  const perMinute = ({ rest }: Observed, counts: (request: Request) => boolean): number =>
    (rest.requests.filter(counts).length / rest.ms) * MINUTE_MS;
  const perUpdate = ({ rest, updates }: Observed, counts: (request: Request) => boolean): number => {
    const count = (requests: readonly Request[]): number => requests.filter((one) => one.resource !== 'leases' && counts(one)).length;
    return (count(updates.requests) - (count(rest.requests) / rest.ms) * updates.ms) / nodes;
  };
  return [
    row(`${String(nodes)} node${nodes === 1 ? '' : 's one by one'}: first start to last end`, 's', ({ updates: { times } }) => [(times.lastMs - times.firstMs) / 1_000]),
    row('a node: spec leaves Idle to both Idle again', 's', spans, { recorded: LEGACY.nodeSeconds }),
    row('a node beyond its host', 's', (observed) => spans(observed).map((span) => span - physicalS), { recorded: LEGACY.beyondHostSeconds, ...(smoke ? {} : { goal: 1 }) }),
    row('status written to next spec written', 'ms', ({ updates }) => updates.reactionsMs, { recorded: LEGACY.reactionMs.median, ...(smoke ? {} : { goal: 50 }) }),
    row(`requests to Kubernetes per update, ${String(podsPerNode)} pods evicted`, '', (observed) => [perUpdate(observed, () => true)], { recorded: LEGACY.requestsPerUpdate, gate: { atMost: 45, ofRatio: false } }),
    ...COMPONENTS.map((component) => row(`– by ${component}s`, '', (observed) => [perUpdate(observed, (one) => one.component === component)])),
    row('open watches per node', '', ({ rest }) => [rest.agentWatches / nodes], { recorded: LEGACY.openWatchesPerNode, goal: 0, gate: { atMost: 0, ofRatio: false } }),
    row('requests to Kubernetes per idle node-minute, by its agent or to review its token', '', (observed) => [perMinute(observed, ofNode) / nodes], { recorded: LEGACY.requestsPerIdleNodeHour / 60 }),
    row('other requests to Kubernetes per idle minute, however many nodes', '', (observed) => [perMinute(observed, (one) => !ofNode(one))]),
    row('– of these, renewals of the Lease', '', (observed) => [perMinute(observed, ({ resource }) => resource === 'leases')]),
    row('host API calls per idle node-minute', '', ({ rest: { hostCalls } }) => [(hostCalls.count / nodes / hostCalls.ms) * MINUTE_MS], { recorded: LEGACY.hostCallsPerIdleNodeMinute, ...(smoke ? {} : { goal: 1.5 }) }),
    ...COMPONENTS.flatMap((component) => [
      row(`${component}: anonymous memory at rest`, 'MiB', ({ rest }) => rest.processes[component].map(({ anonMiB }) => anonMiB), { recorded: RECORDED[component].anonMiB }),
      row(`${component}: own processor time at rest`, 'millicores', ({ rest }) => rest.processes[component].map(({ millicores }) => millicores), { recorded: RECORDED[component].millicores }),
    ]),
  ]; // prettier-ignore
}
