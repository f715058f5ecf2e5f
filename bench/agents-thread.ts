import { Worker } from 'node:worker_threads';
import type { AgentIdentity } from './polling-agents.ts';

/** Data of the thread at its start. */
export interface AgentsData {
  readonly identities: readonly AgentIdentity[];
  readonly ports: readonly number[];
  readonly caPem: string;
}

/** A request to the thread. */
export interface AgentsCall {
  readonly id: number;
  readonly method: 'connect' | 'settled' | 'cut' | 'returns' | 'usePorts' | 'expectReturns' | 'refused';
  readonly argument: unknown;
}

/** A message of the thread: an answer, or that an agent has received its shadow. */
export type AgentsMessage =
  { readonly id: number; readonly result?: unknown; readonly error?: string } | { readonly node: string; readonly atMs: number };

/**
 * {@link PollingAgents} on a separate thread: otherwise, thousands of sockets that reconnect at once would delay the answers of the
 * simulated API, which is in this process, to the measured replicas.
 */
export class AgentsThread {
  /** Called for each answer that brings a shadow, with the time of its arrival as `performance.now()` of this thread. */
  onShadow: (node: string, atMs: number) => void = () => undefined;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { readonly resolve: (result: unknown) => void; readonly reject: (error: Error) => void }>();
  #calls = 0;

  private constructor(data: AgentsData) {
    this.#worker = new Worker(new URL('./agents-worker.ts', import.meta.url), { workerData: data });
    this.#worker.on('message', (message: AgentsMessage) => {
      this.#hear(message);
    });
    this.#worker.once('error', (error) => {
      for (const { reject } of this.#waiting.values()) reject(error as Error);
    });
  }

  /** Connects them; resolves when each has a pending poll. */
  static async connect(identities: readonly AgentIdentity[], ports: readonly number[], caPem: string): Promise<AgentsThread> {
    const agents = new AgentsThread({ identities, ports, caPem });
    await agents.#ask('connect');
    return agents;
  }

  /** Resolves when each has a pending poll. */
  async settled(): Promise<void> {
    await this.#ask('settled');
  }

  /** From now on, agents connect to these. */
  async usePorts(ports: readonly number[]): Promise<void> {
    await this.#ask('usePorts', ports);
  }

  /** Starts a measurement: see {@link returns}. */
  async expectReturns(count: number): Promise<void> {
    await this.#ask('expectReturns', count);
  }

  /** @returns for each agent that lost its connection, the milliseconds from {@link expectReturns} to its next answer */
  async returns(): Promise<readonly number[]> {
    return (await this.#ask('returns')) as readonly number[];
  }

  /** Closes every connection at once. */
  async cut(): Promise<void> {
    await this.#ask('cut');
  }

  /** The number of answers that no agent should get. */
  async refused(): Promise<number> {
    return (await this.#ask('refused')) as number;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(method: AgentsCall['method'], argument?: unknown): Promise<unknown> {
    const call: AgentsCall = { id: this.#calls++, method, argument };
    return new Promise((resolve, reject) => {
      this.#waiting.set(call.id, { resolve, reject });
      this.#worker.postMessage(call);
    });
  }

  #hear(message: AgentsMessage): void {
    if ('node' in message) {
      this.onShadow(message.node, message.atMs - performance.timeOrigin);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error === undefined) waiting?.resolve(message.result);
    else waiting?.reject(new Error(message.error));
  }
}
