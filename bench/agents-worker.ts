// The thread of an AgentsThread: it has the agents, and does what it is told.
import { parentPort, workerData } from 'node:worker_threads';
import type { AgentsCall, AgentsData, AgentsMessage } from './agents-thread.ts';
import { PollingAgents } from './polling-agents.ts';

const { identities, ports, caPem } = workerData as AgentsData;
const agents = new PollingAgents(identities, ports, caPem);
const tell = (message: AgentsMessage): void => {
  parentPort?.postMessage(message);
};
agents.onShadow = (node, atMs) => {
  tell({ node, atMs: performance.timeOrigin + atMs });
};

parentPort?.on('message', ({ id, method, argument }: AgentsCall) => {
  answer(method, argument).then(
    (result) => {
      tell({ id, result });
    },
    (error: unknown) => {
      tell({ id, error: error instanceof Error ? error.message : String(error) });
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
