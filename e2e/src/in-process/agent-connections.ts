import type { Clock, HttpClient } from '@brupop/ports';

/** A connection that a request may go by. */
export interface AgentConnection {
  readonly client: HttpClient;
  /** To be called when the request has its answer. */
  release(): void;
}

interface Connection {
  readonly client: HttpClient;
  busy: boolean;
  usedAtMs: number;
}

/** After so long without a request the apiserver closes a connection. */
const IDLE_MS = 75_000;

/** The connections of one agent to replicas of the apiserver. One that is held by a poll takes no other request. */
export class AgentConnections {
  readonly #clock: Clock;
  #kept: Connection[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The free connection that was used last, or else a new one.
   * @param ready replicas; connections to others have broken
   * @param open gives the replica that a new connection comes to; undefined: none does
   * @param keep false: every request has a connection of its own
   */
  take(ready: readonly HttpClient[], open: () => HttpClient | undefined, keep: boolean): AgentConnection | undefined {
    const nowMs = this.#clock.monotonic();
    this.#kept = this.#kept.filter(({ client, busy, usedAtMs }) => ready.includes(client) && (busy || nowMs - usedAtMs < IDLE_MS));
    const [last] = this.#kept.filter(({ busy }) => !busy).sort((a, b) => b.usedAtMs - a.usedAtMs);
    const connection = last ?? this.#open(open(), keep);
    if (connection === undefined) return undefined;
    connection.busy = true;
    return {
      client: connection.client,
      release: () => {
        connection.busy = false;
        connection.usedAtMs = this.#clock.monotonic();
      },
    };
  }

  #open(client: HttpClient | undefined, keep: boolean): Connection | undefined {
    if (client === undefined) return undefined;
    const connection: Connection = { client, busy: true, usedAtMs: this.#clock.monotonic() };
    if (keep) this.#kept.push(connection);
    return connection;
  }
}
