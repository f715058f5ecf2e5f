import { get } from 'node:https';
import { DEFAULT_NAMESPACE, GROUP, PLURAL } from '@brupop/crd-models';
import { sleep, systemClock } from '@brupop/ports';
import type { Benchmark, Row } from './benchmark.ts';
import { quantile } from './benchmark.ts';
import { startLargeCluster } from './large-cluster.ts';
import type { LargeCluster } from './large-cluster.ts';
import { AgentsThread } from './agents-thread.ts';
import { LEGACY } from './recorded.ts';
import { prepareReplicas } from './replicas.ts';

const SIZES = { full: { agents: 5_000, singly: 300, together: 100 }, smoke: { agents: 30, singly: 6, together: 6 } };
const REPLICAS = 3;
const GOAL_MS = 100;
const ANSWER_LIMIT_MS = 60_000;
const PAUSE_MS = 10;
// Beyond any noise: an agent whose poll is not pending would return once a minute.
const MOST_RATIO = 20;

/** The time until an agent learns its desired state. */
export const reaction: Benchmark = {
  async run({ smoke }) {
    const { agents: count, singly, together } = smoke ? SIZES.smoke : SIZES.full;
    const cluster = await startLargeCluster(count);
    const replicas = await prepareReplicas(cluster);
    const watch = await watchShadows(cluster);
    try {
      const ports: number[] = [];
      for (let at = 0; at < REPLICAS; at++) ports.push((await replicas.start('ours')).port);
      const agents = await AgentsThread.connect(replicas.agents, ports, replicas.caPem);
      const heard = new Map<string, (atMs: number) => void>();
      agents.onShadow = (node, atMs) => heard.get(node)?.(atMs);
      const update = async (node: string): Promise<{ readonly agentMs: number; readonly watchMs: number }> => {
        const startedMs = performance.now();
        const answered = new Promise<number>((resolve, reject) => {
          const limit = setTimeout(reject, ANSWER_LIMIT_MS, new Error(`the agent of ${node} heard nothing`));
          heard.set(node, (atMs) => {
            clearTimeout(limit);
            resolve(atMs);
          });
        });
        const seen = watch.next(node);
        cluster.setSpec(node, { state: 'StagedAndPerformedUpdate', version: '1.27.0', state_transition_timestamp: new Date(systemClock.now()).toISOString() });
        const [agentAtMs, watchAtMs] = await Promise.all([answered, seen]);
        return { agentMs: agentAtMs - startedMs, watchMs: watchAtMs - startedMs };
      }; // prettier-ignore
      const nodeAt = (at: number): string => cluster.names[(at * 7) % count] ?? '';
      const single: { readonly agentMs: number; readonly watchMs: number }[] = [];
      for (let at = 0; at < singly; at++) {
        single.push(await update(nodeAt(at)));
        await sleep(systemClock, PAUSE_MS);
      }
      await agents.settled();
      const burst = await Promise.all(Array.from({ length: together }, (_, at) => update(nodeAt(singly + at))));
      await agents.stop();
      const what = `${count.toLocaleString('en-US')} connected agents`;
      const goal = smoke ? {} : { goal: GOAL_MS };
      return [
        ...rows(`${what}, one spec after another`, single, { ...goal, legacy: LEGACY.reactionMs.median }),
        ...rows(`${what}, ${String(together)} specs at once`, burst, {}),
      ];
    } finally {
      watch.close();
      await replicas.close();
      await cluster.close();
    }
  },
};

function rows(
  what: string,
  times: readonly { readonly agentMs: number; readonly watchMs: number }[],
  { goal, legacy }: { readonly goal?: number; readonly legacy?: number },
): Row[] {
  const ours = times.map(({ agentMs }) => agentMs);
  const values = times.map(({ watchMs }) => watchMs);
  return [
    { what, unit: 'ms', ours, baseline: { name: 'watch', values }, ...(legacy === undefined ? {} : { legacy }), gate: { atMost: MOST_RATIO, ofRatio: true } },
    { what: `${what}, p99`, unit: 'ms', ours: [quantile(ours, 0.99)], baseline: { name: 'watch', values: [quantile(values, 0.99)] }, ...(goal === undefined ? {} : { goal }) },
  ]; // prettier-ignore
}

interface ShadowWatch {
  /** The arrival time of the next event of this node's shadow. */
  next(node: string): Promise<number>;
  close(): void;
}

async function watchShadows({ url, caPem, api }: LargeCluster): Promise<ShadowWatch> {
  const waiting = new Map<string, (atMs: number) => void>();
  const path = `/apis/${GROUP}/v2/namespaces/${DEFAULT_NAMESPACE}/${PLURAL}?watch=true&resourceVersion=${api.resourceVersion}`;
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  let rest = '';
  const request = get(`${url}${path}`, { ca: caPem, headers: { authorization: `Bearer ${api.adminToken}` } }, (response) => {
    resolve(undefined);
    response.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const node = /"name":"brs-([^"]+)"/.exec(line)?.[1] ?? '';
        waiting.get(node)?.(performance.now());
        waiting.delete(node);
      }
    });
    response.once('error', () => undefined);
  });
  request.once('error', reject);
  await promise;
  return {
    next: (node) => new Promise((found) => waiting.set(node, found)),
    close: () => request.destroy(),
  };
}
