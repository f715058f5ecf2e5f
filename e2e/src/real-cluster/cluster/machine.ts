import { seededRandom, systemClock } from '@brupop/ports';
import { serveUnix, SimulatedHost } from '@brupop/simulator';
import type { HostEvent, HostTimings, UnixServer, UpdateRepository } from '@brupop/simulator';
import type { RealNode } from './node.ts';

/** The version of a machine at the start, and its update repository. */
export interface MachineOptions {
  readonly version: string;
  readonly repository: UpdateRepository;
}

/** A completed boot. */
export interface Boot {
  readonly node: string;
  readonly bootId: string;
  readonly version: string;
  /** `Date.now()` when the node went down, and when it was started again. */
  readonly downMs: number;
  readonly upMs: number;
}

// Seconds, so that a run of the tests takes minutes.
const TIMINGS: HostTimings = { requestMs: 5, refreshMs: 300, downloadMs: 1500, activateMs: 300, shutdownMs: 1000, rebootMs: 2000 };

/**
 * A Bottlerocket host with the power switch of a real node: requests on `/run/api.sock` take effect on the node.
 * While it is down nothing runs on the node; each boot has a new boot id and an empty `/run`.
 */
export class Machine {
  readonly host: SimulatedHost;
  readonly node: RealNode;
  readonly boots: Boot[] = [];
  #socket: UnixServer | undefined;
  #downMs = 0;
  /** Power changes happen one after another. */
  #power: Promise<void> = Promise.resolve();

  /** @param fail receives errors while a node is switched */
  constructor(node: RealNode, { version, repository }: MachineOptions, seed: number, fail: (error: unknown) => void) {
    this.node = node;
    this.host = new SimulatedHost({
      name: node.name,
      version,
      repository,
      clock: systemClock,
      random: seededRandom(seed),
      timings: TIMINGS,
    });
    this.host.onReboot((event) => {
      this.#power = this.#power.then(() => this.#follow(event)).catch(fail);
    });
  }

  get name(): string {
    return this.node.name;
  }

  /** Switches it on for the first time. */
  async start(): Promise<void> {
    this.#socket = await serveUnix(this.host.handle, this.node.hostSocket);
    await this.node.boot(this.host.bootId);
  }

  /** Ends everything on it for good. */
  async stop(): Promise<void> {
    this.host.powerOff();
    await this.#power;
  }

  async #follow(event: HostEvent): Promise<void> {
    if (event.type === 'down') {
      this.#downMs = Date.now();
      await this.#socket?.close();
      await this.node.powerOff();
    } else if (event.type === 'booted') {
      this.#socket = await serveUnix(this.host.handle, this.node.hostSocket);
      await this.node.boot(event.bootId);
      this.boots.push({ node: this.name, bootId: event.bootId, version: event.version, downMs: this.#downMs, upMs: Date.now() });
    }
  }
}
