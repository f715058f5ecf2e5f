import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { LOWER_CASE_HEADERS, preferWait, ROUTES } from '@brupop/agent-api';
import { sleep, systemClock } from '@brupop/ports';
import { PlainClient } from './plain-client.ts';
import type { Answer } from './plain-client.ts';

const POLL_SECONDS = 60;
const RETRY_MS = 20;
const SETTLE_LIMIT_MS = 300_000;
const AT_ONCE = 50;

/** The identity of an agent. */
export interface AgentIdentity {
  readonly node: string;
  readonly token: string;
}

/**
 * Agents reduced to their connections: each has one, with a pending poll. They reconnect immediately to any remaining replica when their
 * connection is lost.
 */
export class PollingAgents {
  /** Answers that no agent should get: anything but 200 and 304. */
  readonly refused: Answer[] = [];
  /** The ports of the replicas; may be changed while agents are connected. */
  ports: readonly number[];
  /** Called for each answer that brings a shadow. */
  onShadow: (node: string, atMs: number) => void = () => undefined;
  readonly #trust: SecureContext;
  readonly #agents: readonly PollingAgent[];

  constructor(identities: readonly AgentIdentity[], ports: readonly number[], caPem: string) {
    this.ports = ports;
    this.#trust = createSecureContext({ ca: caPem });
    this.#agents = identities.map((identity, at) => ({ ...identity, at, client: undefined, etag: undefined, isPending: false }));
  }

  /** Connects them, some at a time; resolves when each has a pending poll. */
  async connect(): Promise<void> {
    const left = [...this.#agents];
    const connecting = Array.from({ length: AT_ONCE }, async () => {
      for (let agent = left.pop(); agent !== undefined; agent = left.pop()) {
        agent.client = await this.#open(agent);
        void this.#poll(agent);
      }
    });
    await Promise.all(connecting);
    await this.settled();
  }

  /** Resolves when each has a pending poll. */
  async settled(): Promise<void> {
    const endMs = performance.now() + SETTLE_LIMIT_MS;
    while (!this.#agents.every(({ isPending }) => isPending)) {
      if (performance.now() > endMs) throw new Error('some agents found no replica');
      await sleep(systemClock, RETRY_MS);
    }
  }

  /** Closes every connection at once. */
  cut(): void {
    for (const { client } of this.#agents) client?.close();
  }

  /** Starts to measure how long each of the next `count` agents that lose their connection takes to get an answer again. */
  expectReturns(count: number): void {
    const startedMs = performance.now();
    const times: number[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<number[]>();
    const limit = setTimeout(reject, SETTLE_LIMIT_MS, new Error(`some of ${String(count)} agents found no replica again`));
    this.#onReturn = () => {
      times.push(performance.now() - startedMs);
      if (times.length < count) return;
      clearTimeout(limit);
      resolve(times);
    };
    this.#returns = promise;
  }

  /** @returns the measurements of {@link expectReturns} in milliseconds, when all agents are back */
  async returns(): Promise<number[]> {
    return await this.#returns;
  }

  #returns: Promise<number[]> = Promise.resolve([]);
  #onReturn: () => void = () => undefined;

  async #open(agent: PollingAgent): Promise<PlainClient> {
    return await openAsAgent(agent, () => this.ports, agent.at, this.#trust);
  }

  async #poll(agent: PollingAgent): Promise<void> {
    for (;;) {
      try {
        agent.client ??= await this.#open(agent);
        const headers = agent.etag === undefined ? {} : { prefer: preferWait(POLL_SECONDS), 'if-none-match': agent.etag };
        agent.isPending = agent.etag !== undefined;
        const answer = await agent.client.ask('GET', ROUTES.shadow, headers);
        if (answer.status === 200) this.onShadow(agent.node, performance.now());
        else if (answer.status !== 304) {
          this.refused.push(answer);
          await sleep(systemClock, RETRY_MS);
          continue;
        }
        if (agent.etag === undefined) this.#onReturn();
        agent.etag = answer.etag;
      } catch {
        agent.isPending = false;
        agent.etag = undefined;
        agent.client = undefined;
      }
    }
  }
}

/** Connects an agent to the first of the replicas that accepts, from number `at` on. @param ports may have changed between calls */
export async function openAsAgent(
  agent: AgentIdentity,
  ports: () => readonly number[],
  at: number,
  trust: SecureContext,
): Promise<PlainClient> {
  const { node, token } = agent;
  for (let tries = 0; ; tries++) {
    const all = ports();
    const port = all[(at + tries) % all.length] ?? 0;
    try {
      return await PlainClient.open(port, trust, { [LOWER_CASE_HEADERS.nodeName]: node, [LOWER_CASE_HEADERS.token]: token });
    } catch {
      await sleep(systemClock, RETRY_MS);
    }
  }
}

interface PollingAgent extends AgentIdentity {
  readonly at: number;
  client: PlainClient | undefined;
  etag: string | undefined;
  isPending: boolean;
}
