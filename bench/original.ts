import type { Component } from '@brupop/manifests';
import type { Benchmark, Row } from './benchmark.ts';
import { startOperator } from './observed-operator.ts';
import type { ObservedOperator, ObservedOptions, Request, Rest, Updates } from './observed-operator.ts';
import { hostMs, REAL_CLUSTER, REAL_HOSTS } from './physical-times.ts';
import { ORIGINAL } from './recorded.ts';

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
  agent: { anonMiB: ORIGINAL.agent.anonMiB, millicores: ORIGINAL.agent.ownIdleMillicores },
  apiserver: { anonMiB: ORIGINAL.apiserverOfTenNodes.anonMiB, millicores: ORIGINAL.apiserverOfTenNodes.idleMillicores },
  controller: { anonMiB: ORIGINAL.controllerOfTenNodes.anonMiB, millicores: ORIGINAL.controllerOfTenNodes.idleMillicores },
};

/** What one operator came to. */
interface Observed {
  readonly rest: Rest;
  readonly updates: Updates;
}

/** Our three processes and the original's, doing the same work. */
export const original: Benchmark = {
  title: 'Beside the original',
  method:
    'Two fleets of the same hosts on the same simulated Kubernetes, in real time: one runs our three bundles, the other the binaries in `ORIGINAL_BIN` as they are; without' +
    ' those, what was recorded (its servers with ten nodes) stands beside ours. Three nodes with three pods each are updated one at a time, on hosts whose part takes six seconds;' +
    ' one agent a node, three apiservers and a controller, these four on a node of their own. One fleet updates, then the other; then both rest at the same time, looking for updates every two minutes, for 290 seconds: within these each watch of the' +
    ' original is renewed once. Requests per update are those beyond what the same time' +
    ' of rest takes, without renewals of the Lease. Each process of the original finds its files in a mount namespace of its own, certificates that it would have from' +
    " cert-manager included. The host's `apiclient` is stood in for by a small Node.js program: its start, some 50 ms of each call, is in the original's times, its" +
    " memory and processor time are in none of these figures, as the real one's would not be.",
  limits:
    'The renewals of the Lease, one every two seconds, are what it costs that a second controller takes over within seconds and never acts beside the first; the original has' +
    ' nothing of the kind. Memory and processor time are those of Node.js against Rust; the binaries of the original measured here are debug builds, which use somewhat more' +
    ' of both than released ones.',
  async run({ smoke, original: binaries }) {
    const options = smoke ? SIZES.smoke : SIZES.full;
    // A node of the original takes too long for a quick look.
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
    return { what, unit, ours: values(ours), ...(measured === undefined ? {} : { original: measured }), ...more };
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
    row('a node: spec leaves Idle to both Idle again', 's', spans, { recorded: ORIGINAL.nodeSeconds }),
    row('a node beyond its host', 's', (observed) => spans(observed).map((span) => span - physicalS), { recorded: ORIGINAL.beyondHostSeconds, ...(smoke ? {} : { goal: 1 }) }),
    row('status written to next spec written', 'ms', ({ updates }) => updates.reactionsMs, { recorded: ORIGINAL.reactionMs.median, ...(smoke ? {} : { goal: 50 }) }),
    row(`requests to Kubernetes per update, ${String(podsPerNode)} pods evicted`, '', (observed) => [perUpdate(observed, () => true)], { recorded: ORIGINAL.requestsPerUpdate, gate: { atMost: 45, ofRatio: false } }),
    ...COMPONENTS.map((component) => row(`– by ${component}s`, '', (observed) => [perUpdate(observed, (one) => one.component === component)])),
    row('open watches per node', '', ({ rest }) => [rest.agentWatches / nodes], { recorded: ORIGINAL.openWatchesPerNode, goal: 0, gate: { atMost: 0, ofRatio: false } }),
    row('requests to Kubernetes per idle node-minute, by its agent or to review its token', '', (observed) => [perMinute(observed, ofNode) / nodes], { recorded: ORIGINAL.requestsPerIdleNodeHour / 60 }),
    row('other requests to Kubernetes per idle minute, however many nodes', '', (observed) => [perMinute(observed, (one) => !ofNode(one))]),
    row('– of these, renewals of the Lease', '', (observed) => [perMinute(observed, ({ resource }) => resource === 'leases')]),
    row('host API calls per idle node-minute', '', ({ rest: { hostCalls } }) => [(hostCalls.count / nodes / hostCalls.ms) * MINUTE_MS], { recorded: ORIGINAL.hostCallsPerIdleNodeMinute, ...(smoke ? {} : { goal: 1.5 }) }),
    ...COMPONENTS.flatMap((component) => [
      row(`${component}: anonymous memory at rest`, 'MiB', ({ rest }) => rest.processes[component].map(({ anonMiB }) => anonMiB), { recorded: RECORDED[component].anonMiB }),
      row(`${component}: own processor time at rest`, 'millicores', ({ rest }) => rest.processes[component].map(({ millicores }) => millicores), { recorded: RECORDED[component].millicores }),
    ]),
  ]; // prettier-ignore
}
