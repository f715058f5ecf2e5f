import { inProcessClient, memoryLogger, seededRandom, textResponse, VirtualClock } from '@brupop/ports';
import type { HttpHandler, HttpRequest } from '@brupop/ports';
import { SimulatedHost } from '@brupop/simulator';
import type { SimulatedHostOptions } from '@brupop/simulator';
import { DEFAULT_AGENT_SETTINGS } from '@brupop/state-machine';
import type { AgentSettings } from '@brupop/state-machine';
import { createAgent } from '../agent.ts';
import { FakeApiserver } from './fake-apiserver.ts';

/** A simulated host, an apiserver and the agent's container, which stops and starts with the host, and restarts when its process exits. */
export class AgentWorld {
  readonly clock: VirtualClock = new VirtualClock();
  /** The versions that the repository offers to the host. */
  readonly repository: { readonly available: string[] } = { available: ['1.27.0', '1.26.1'] };
  readonly host: SimulatedHost;
  readonly apiserver: FakeApiserver;
  readonly log: ReturnType<typeof memoryLogger> = memoryLogger();
  /** The error with which each agent process ended. */
  readonly ends: unknown[] = [];
  token = 'token-1';
  /** An agent does not know the UID of its Node; it sends this one if it is set. */
  nodeUid: string | undefined;
  /** Replaces the apiserver. */
  front: HttpHandler | undefined;
  /** Replaces the update status of the host. */
  hostAnswers: { readonly status: number; readonly body: string } | undefined;
  /** Called before each request of the agent to its host. */
  onHostRequest: ((request: HttpRequest) => void) | undefined;
  /** Whether the container is still running when the host has stopped its services. */
  outlastsServices = false;
  readonly #settings: AgentSettings;
  #container: AbortController | undefined;

  constructor(settings: Partial<AgentSettings> = {}, host: Partial<SimulatedHostOptions> = {}) {
    const { clock } = this;
    this.#settings = { ...DEFAULT_AGENT_SETTINGS, ...settings };
    this.host = new SimulatedHost({
      clock,
      random: seededRandom(7),
      name: 'node-a',
      version: '1.26.1',
      repository: this.repository,
      ...host,
    });
    this.apiserver = new FakeApiserver(clock, 'token-1');
    this.host.onReboot(({ type }) => {
      if (type === 'booted') this.start();
      else if (type === 'down' || !this.outlastsServices) this.kill();
    });
  }

  /** Starts the container, with a new mount of the socket and an empty memory. */
  start(): void {
    const container = new AbortController();
    this.#container = container;
    const socket = this.host.mountSocket();
    const agent = createAgent({
      apiserver: inProcessClient((request, signal) => (this.front ?? this.apiserver.handle)(request, signal)),
      host: inProcessClient((request, signal) => {
        this.onHostRequest?.(request);
        const { hostAnswers } = this;
        if (hostAnswers !== undefined && request.path === '/updates/status')
          return Promise.resolve(textResponse(hostAnswers.status, hostAnswers.body));
        return socket(request, signal);
      }),
      clock: this.clock,
      random: seededRandom(3),
      log: this.log,
      settings: this.#settings,
      nodeName: 'node-a',
      nodeUid: this.nodeUid,
      readToken: () => this.token,
      readBootId: () => this.host.bootId,
    });
    agent.run(container.signal).catch((error: unknown) => {
      this.ends.push(error);
      // As the kubelet does.
      if (!container.signal.aborted)
        this.clock.setTimer(10_000, () => {
          this.start();
        });
    });
  }

  /** Kills the container, without a restart. */
  kill(): void {
    this.#container?.abort(new Error('killed'));
  }

  /** Advances time until `done` returns true, an hour at most. */
  async until(done: () => boolean, limitMs = 3_600_000): Promise<boolean> {
    return await this.clock.advanceUntil(done, limitMs);
  }

  /** Starts an agent, and waits until it has reported an available update. */
  async ready(): Promise<this> {
    this.start();
    await this.until(() => this.apiserver.status?.target_version === '1.27.0');
    return this;
  }

  /** Starts an update and waits until the node is idle again. */
  async update(limitMs?: number, version = '1.27.0'): Promise<boolean> {
    this.apiserver.setDesired('StagedAndPerformedUpdate', version);
    return await this.until(() => this.apiserver.shadow?.spec.state === 'Idle' && this.apiserver.status?.current_state === 'Idle', limitMs);
  }
}
