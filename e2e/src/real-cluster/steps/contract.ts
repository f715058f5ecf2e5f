import { isDeepStrictEqual, inspect } from 'node:util';
import { CONTRACT } from '../../contract/contract.ts';
import type { ContractCase } from '../../contract/contract-case.ts';
import { createWorld, defineWidgets } from '../../contract/world.ts';
import type { Server } from '../../contract/world.ts';
import { serveWebhook } from '../../contract/webhook.ts';
import { KubeApi } from '../kube-api.ts';
import type { Step } from '../step.ts';

const AT_ONCE = 6;

export const contract: Step = {
  name: 'contract',
  shows: 'the simulator behaves like a real API server',
  needs: 'api',
  run: async ({ kubectl, report, signal }) => {
    // Its history is limited by etcd: the cluster's first version is no longer in it.
    const server: Server = { ...(await KubeApi.clients(kubectl.kubeconfig)), forget: () => undefined, hostWebhook: serveWebhook };
    const run = String(Date.now());
    const undefine = await defineWidgets(server);
    const different: string[] = [];
    const left = [...CONTRACT];
    const work = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined && !signal.aborted; next = left.shift()) {
        const difference = await check(next, server, run);
        if (difference !== undefined) different.push(difference);
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    } finally {
      await undefine();
    }
    signal.throwIfAborted();
    if (different.length > 0) throw new Error(`${different.length} of ${CONTRACT.length} behaviours differ:\n${different.join('\n')}`);
    report(`${CONTRACT.length} behaviours agree`);
  },
};

/** @returns the difference between the observation and the contract; undefined if there is none */
async function check({ name, observe, expected }: ContractCase, server: Server, run: string): Promise<string | undefined> {
  const world = await createWorld(server, run);
  try {
    const observed = await observe(world);
    if (isDeepStrictEqual(observed, expected)) return undefined;
    const show = (value: unknown): string => inspect(value, { depth: 8, breakLength: 140 });
    return `${name}\n  expected ${show(expected)}\n  observed ${show(observed)}`;
  } catch (error) {
    return `${name}\n  ${String(error)}`;
  } finally {
    await world.done();
  }
}
