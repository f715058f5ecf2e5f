import { createSecureContext } from 'node:tls';
import { ROUTES } from '@brupop/agent-api';
import { sleep, systemClock } from '@brupop/ports';
import type { Benchmark, Row } from './benchmark.ts';
import { quantile } from './benchmark.ts';
import { startLargeCluster } from './large-cluster.ts';
import type { LargeCluster } from './large-cluster.ts';
import { AgentsThread } from './agents-thread.ts';
import type { PlainClient } from './plain-client.ts';
import { openAsAgent } from './polling-agents.ts';
import { LEGACY } from './recorded.ts';
import { prepareReplicas } from './replicas.ts';
import type { Replica, Replicas } from './replicas.ts';

const SIZES = {
  full: { agents: 5_000, writers: 30, writeMs: 10_000, calmMs: 30_000 },
  smoke: { agents: 60, writers: 6, writeMs: 500, calmMs: 1_000 },
};
const REPLICAS = 3;
// Well below the 120 concurrent requests that an apiserver allows an agent: each write also answers its poll, which is then repeated.
const WRITES_OF_ONE_AGENT = 20;
const CALM_WRITES_A_SECOND = 20;
const SECOND_MS = 1_000;
const HELD_MIB = 128;
const CALM_MIB = 80;
const CALM_AGENTS = 100;
// A replica reviews each new token once; a few agents time out and return.
const REVIEWS_PER_ARRIVAL = 1.1;

/** The cost of the apiserver, and what happens when a replica dies. */
export const apiserver: Benchmark = {
  async run({ smoke }) {
    const size = smoke ? SIZES.smoke : SIZES.full;
    const cluster = await startLargeCluster(size.agents);
    const replicas = await prepareReplicas(cluster);
    try {
      return [...(await hold(cluster, replicas, size)), ...(await calm(replicas, size.calmMs))];
    } finally {
      await replicas.close();
      await cluster.close();
    }
  },
};

async function hold(cluster: LargeCluster, replicas: Replicas, { agents: count, writers, writeMs }: typeof SIZES.full): Promise<Row[]> {
  const plain = await connectTo('plain', replicas, count);
  const plainReturned = await comeBack(plain.agents, count);
  await plain.end();
  const reviews = countReviews(cluster);
  const ours = await connectTo('ours', replicas, count);
  const arrivals = reviews();
  const turns = takeTurns(count);
  const written = await write(cluster, replicas, ours.servers, { writers, turns, forMs: writeMs });

  const [dying, ...left] = ours.servers;
  const orphans = Math.ceil(count / REPLICAS);
  await ours.agents.expectReturns(orphans);
  await ours.agents.usePorts(left.map(({ port }) => port));
  const duringDeath = write(cluster, replicas, ours.servers, { writers, turns, forMs: SECOND_MS });
  await dying?.process.stop();
  const [orphaned, rewritten] = await Promise.all([ours.agents.returns(), duringDeath]);
  await ours.agents.settled();
  const returned = await comeBack(ours.agents, count);
  await ours.agents.settled();
  const refused = await ours.agents.refused();
  const peaks = left.map(({ process }) => process.peakMiB());
  const killed = left.filter(({ process }) => process.wasKilled()).length;
  await ours.end();

  const what = `${count.toLocaleString('en-US')} agents`;
  return [
    {
      what: `${what} over three replicas: peak memory of each`,
      unit: 'MiB',
      ours: ours.peakMiB,
      baseline: { name: 'node:https', values: plain.peakMiB },
      goal: HELD_MIB,
    },
    { what: 'memory per connected agent', unit: 'KiB', ours: ours.perAgentKiB, baseline: { name: 'node:https', values: plain.perAgentKiB } },
    { what: 'TokenReviews for each agent that comes to a replica', unit: '', ours: [arrivals / count], gate: { atMost: REVIEWS_PER_ARRIVAL, ofRatio: false } },
    { what: `status writes a second, ${String(writers)} agents at once`, unit: '', ours: [written.aSecond], baseline: { name: 'PATCH', values: [written.bareASecond] } },
    { what: `a replica dies: its ${orphans.toLocaleString('en-US')} agents have an answer again, p50`, unit: 'ms', ours: [quantile(orphaned, 0.5)] },
    { what: 'the same, p99', unit: 'ms', ours: [quantile(orphaned, 0.99)] },
    { what: `all ${what} come back to two replicas at once, p50`, unit: 'ms', ours: [quantile(returned, 0.5)], baseline: { name: 'node:https, three', values: [quantile(plainReturned, 0.5)] } },
    { what: 'the same, p99', unit: 'ms', ours: [quantile(returned, 0.99)], baseline: { name: 'node:https, three', values: [quantile(plainReturned, 0.99)] } },
    { what: 'peak memory of the two that are left', unit: 'MiB', ours: peaks },
    { what: 'replicas killed by the limit of the manifest', unit: '', ours: [killed], goal: 0, gate: { atMost: 0, ofRatio: false } },
    { what: 'requests lost', unit: '', ours: [refused + written.lost + rewritten.lost], goal: 0, gate: { atMost: 0, ofRatio: false } },
  ]; // prettier-ignore
}

interface Connected {
  readonly agents: AgentsThread;
  readonly servers: readonly Replica[];
  readonly peakMiB: readonly number[];
  readonly perAgentKiB: readonly number[];
  end(): Promise<void>;
}

async function connectTo(kind: 'ours' | 'plain', replicas: Replicas, count: number): Promise<Connected> {
  const servers: Replica[] = [];
  for (let at = 0; at < REPLICAS; at++) servers.push(await replicas.start(kind));
  const before = servers.map(({ process }) => process.nowMiB());
  const agents = await AgentsThread.connect(replicas.agents, servers.map(({ port }) => port), replicas.caPem); // prettier-ignore
  const after = servers.map(({ process }) => process.nowMiB());
  return {
    agents,
    servers,
    peakMiB: servers.map(({ process }) => process.peakMiB()),
    perAgentKiB: after.map((mib, at) => ((mib - (before[at] ?? 0)) * 1_024 * REPLICAS) / count),
    end: async () => {
      await agents.stop();
      await Promise.all(servers.map(({ process }) => process.stop()));
    },
  };
}

/** Closes the connections of all agents. @returns the milliseconds until each has an answer again */
async function comeBack(agents: AgentsThread, count: number): Promise<readonly number[]> {
  await agents.expectReturns(count);
  await agents.cut();
  return await agents.returns();
}

/** The agents in turn, endlessly. */
function* takeTurns(count: number): Generator<number, never> {
  for (let at = 0; ; at = (at + 1) % count) yield at;
}

/** Lets some agents write one status after another, then does the same directly with the Kubernetes API. */
async function write(
  cluster: LargeCluster,
  replicas: Replicas,
  servers: readonly Replica[],
  { writers, turns, forMs }: { readonly writers: number; readonly turns: Generator<number, never>; readonly forMs: number },
): Promise<{ readonly aSecond: number; readonly bareASecond: number; readonly lost: number }> {
  let [acknowledged, lost, bare] = [0, 0, 0];
  const startedMs = performance.now();
  const each = async (): Promise<void> => {
    let at = turns.next().value;
    let client = await openAsWriter(replicas, servers, at);
    for (let round = 1; performance.now() - startedMs < forMs; round++) {
      if (round % WRITES_OF_ONE_AGENT === 0) {
        client.close();
        at = turns.next().value;
        client = await openAsWriter(replicas, servers, at);
      }
      const { status } = cluster.shadow(cluster.names[at] ?? '');
      try {
        const answer = await client.ask('PUT', ROUTES.shadow, {}, JSON.stringify({ ...status, crash_count: round }));
        const kept = cluster.shadow(cluster.names[at] ?? '').status?.crash_count;
        if (answer.status === 200 && kept === round) acknowledged += 1;
        else lost += 1;
      } catch {
        // Its replica has died: the agent repeats the write.
        client = await openAsWriter(replicas, servers, at);
        round -= 1;
      }
    }
    client.close();
  };
  await Promise.all(Array.from({ length: writers }, each));
  const tookMs = performance.now() - startedMs;
  const bareStartedMs = performance.now();
  const eachBare = async (): Promise<void> => {
    let at = turns.next().value;
    for (let round = 1; performance.now() - bareStartedMs < forMs; round++) {
      if (round % WRITES_OF_ONE_AGENT === 0) at = turns.next().value;
      await cluster.patch(cluster.names[at] ?? '', { status: { crash_count: bare } });
      bare += 1;
    }
  };
  await Promise.all(Array.from({ length: writers }, eachBare));
  const bareTookMs = performance.now() - bareStartedMs;
  return { aSecond: (acknowledged / tookMs) * SECOND_MS, bareASecond: (bare / bareTookMs) * SECOND_MS, lost };
}

/** A second connection of an agent, as it opens one to write while its poll is pending. */
async function openAsWriter({ agents, caPem }: Replicas, servers: readonly Pick<Replica, 'port'>[], at: number): Promise<PlainClient> {
  const agent = agents[at % agents.length];
  if (agent === undefined) throw new Error('there are no agents');
  return await openAsAgent(agent, () => servers.map(({ port }) => port), at, createSecureContext({ ca: caPem }));
}

/** One replica in a fleet with updates. */
async function calm(replicas: Replicas, forMs: number): Promise<Row[]> {
  const { port, process } = await replicas.start('ours');
  const agents = await AgentsThread.connect(replicas.agents.slice(0, CALM_AGENTS), [port], replicas.caPem);
  const clients = await Promise.all(Array.from({ length: CALM_WRITES_A_SECOND }, (_, at) => openAsWriter(replicas, [{ port }], at)));
  const endMs = performance.now() + forMs;
  const status = { current_version: '1.26.1', target_version: '1.27.0', current_state: 'Idle', crash_count: 0 };
  const before = process.processorMs();
  while (performance.now() < endMs) {
    for (const client of clients) {
      void client.ask('PUT', ROUTES.shadow, {}, JSON.stringify(status)).catch(() => undefined);
      await sleep(systemClock, SECOND_MS / CALM_WRITES_A_SECOND);
    }
  }
  const millicores = ((process.processorMs() - before) / forMs) * SECOND_MS;
  for (const client of clients) client.close();
  await agents.stop();
  return [
    { what: `one replica, ${String(CALM_WRITES_A_SECOND)} status writes a second: peak memory`, unit: 'MiB', ours: [process.peakMiB()], goal: CALM_MIB, legacy: LEGACY.apiserverOfTenNodes.residentMiB },
    { what: 'the same: processor time', unit: 'millicores', ours: [millicores] },
  ]; // prettier-ignore
}

/** @returns the number of TokenReviews since then */
function countReviews({ api }: LargeCluster): () => number {
  let reviews = 0;
  const stop = api.audit(({ resource }) => {
    if (resource === 'tokenreviews') reviews += 1;
  });
  return () => {
    stop();
    return reviews;
  };
}
