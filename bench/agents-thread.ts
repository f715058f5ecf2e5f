import { Worker } from 'node:worker_threads';
import type { AgentIdentity } from './polling-agents.ts';

/** What the thread needs at its start. */
export interface AgentsData {
  readonly identities: readonly AgentIdentity[];
  readonly ports: readonly number[];
  readonly caPem: string;
}

/** What the thread is asked. */
export interface AgentsCall {
  readonly id: number;
  readonly method: 'connect' | 'settled' | 'cut' | 'returns' | 'usePorts' | 'expectReturns' | 'refused';
  readonly argument: unknown;
}

/** What the thread says: an answer, or that an agent has its shadow. */
export type AgentsMessage =
  { readonly id: number; readonly result?: unknown; readonly error?: string } | { readonly node: string; readonly atMs: number };

/**
 * {@link PollingAgents} on a thread of their own: thousands of sockets that come back at once would keep the simulated API, which is served beside
 * them, from answering the replicas that are measured.
 */
export class AgentsThread {
  /** Told of each answer that brings a shadow, with the time at which the agent had it, as `performance.now()` has it here. */
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

  /** Connects them; resolves when a poll of each is held. */
  static async connect(identities: readonly AgentIdentity[], ports: readonly number[], caPem: string): Promise<AgentsThread> {
    const agents = new AgentsThread({ identities, ports, caPem });
    await agents.#ask('connect');
    return agents;
  }

  /** Resolves when a poll of each is held. */
  async settled(): Promise<void> {
    await this.#ask('settled');
  }

  /** From now on, connections are made to these. */
  async usePorts(ports: readonly number[]): Promise<void> {
    await this.#ask('usePorts', ports);
  }

  /** Begins to measure: see {@link returns}. */
  async expectReturns(count: number): Promise<void> {
    await this.#ask('expectReturns', count);
  }

  /** @returns how long, from {@link expectReturns}, it took each of so many agents that lost their connection to have an answer again, in milliseconds */
  async returns(): Promise<readonly number[]> {
    return (await this.#ask('returns')) as readonly number[];
  }

  /** Cuts every connection at once. */
  async cut(): Promise<void> {
    await this.#ask('cut');
  }

  /** How many answers there were that no agent should get. */
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
