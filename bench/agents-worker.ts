// The thread of an AgentsThread: it owns the agents, and executes requests.
import { parentPort, workerData } from 'node:worker_threads';
import type { AgentsCall, AgentsData, AgentsMessage } from './agents-thread.ts';
import { PollingAgents } from './polling-agents.ts';

const { identities, ports, caPem } = workerData as AgentsData;
const agents = new PollingAgents(identities, ports, caPem);
const send = (message: AgentsMessage): void => {
  parentPort?.postMessage(message);
};
agents.onShadow = (node, atMs) => {
  send({ node, atMs: performance.timeOrigin + atMs });
};

parentPort?.on('message', ({ id, method, argument }: AgentsCall) => {
  answer(method, argument).then(
    (result) => {
      send({ id, result });
    },
    (error: unknown) => {
      send({ id, error: error instanceof Error ? error.message : String(error) });
    },
  );
});

async function answer(method: AgentsCall['method'], argument: unknown): Promise<unknown> {
  switch (method) {
    case 'usePorts':
      agents.ports = argument as readonly number[];
      return undefined;
    case 'expectReturns':
      agents.expectReturns(argument as number);
      return undefined;
    case 'refused':
      return agents.refused.length;
    default:
      return await agents[method]();
  }
}
