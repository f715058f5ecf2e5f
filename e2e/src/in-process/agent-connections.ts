import type { Clock, HttpClient } from '@brupop/ports';

/** A connection for a request. */
export interface AgentConnection {
  readonly client: HttpClient;
  /** Must be called when the request has its answer. */
  release(): void;
}

interface Connection {
  readonly client: HttpClient;
  busy: boolean;
  usedAtMs: number;
}

/** The apiserver closes a connection that is idle for this long. */
const IDLE_MS = 75_000;

/** The connections of one agent to replicas of the apiserver. One with a pending poll takes no other request. */
export class AgentConnections {
  readonly #clock: Clock;
  #kept: Connection[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The most recently used free connection, or else a new one.
   * @param ready replicas; connections to others are broken
   * @param open selects the replica for a new connection; undefined if there is none
   * @param keep false: every request gets its own connection
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
