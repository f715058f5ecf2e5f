import { describe, expect, test } from '@jest/globals';
import { inProcessClient, textResponse, VirtualClock } from '@brupop/ports';
import type { HttpClient } from '@brupop/ports';
import { AgentConnections } from './agent-connections.ts';
import type { AgentConnection } from './agent-connections.ts';

const aReplica = (): HttpClient => inProcessClient(() => Promise.resolve(textResponse(200)));

function anAgent(): {
  readonly clock: VirtualClock;
  readonly replicas: HttpClient[];
  readonly take: (keep?: boolean) => AgentConnection | undefined;
} {
  const clock = new VirtualClock();
  const replicas = [aReplica(), aReplica(), aReplica()];
  const connections = new AgentConnections(clock);
  let turn = 0;
  const open = (): HttpClient | undefined => replicas[turn++ % Math.max(1, replicas.length)];
  return { clock, replicas, take: (keep = true) => connections.take(replicas, open, keep) };
}

describe(AgentConnections, () => {
  test('consecutive requests use one connection', () => {
    const { replicas, take } = anAgent();
    for (let request = 0; request < 3; request++) {
      const connection = take();
      expect(connection?.client).toBe(replicas[0]);
      connection?.release();
    }
  });

  test('while a poll is pending, writes use another connection, which is also kept', () => {
    const { replicas, take } = anAgent();
    const poll = take();
    const write = take();
    expect([poll?.client, write?.client]).toEqual(replicas.slice(0, 2));
    write?.release();
    expect(take()?.client).toBe(replicas[1]);
  });

  test('the most recently used free connection is chosen', async () => {
    const { clock, replicas, take } = anAgent();
    const [poll, write] = [take(), take()];
    write?.release();
    await clock.advance(1_000);
    poll?.release();
    expect(take()?.client).toBe(replicas[0]);
  });

  test('a connection that is idle for too long is closed', async () => {
    const { clock, replicas, take } = anAgent();
    take()?.release();
    await clock.advance(75_000);
    expect(take()?.client).toBe(replicas[1]);
  });

  test('a connection to a replica that is no longer ready is not used', () => {
    const { replicas, take } = anAgent();
    take()?.release();
    replicas.shift();
    expect(replicas).toContain(take()?.client);
  });

  test('without a ready replica there is no connection', () => {
    const { replicas, take } = anAgent();
    replicas.length = 0;
    expect(take()).toBeUndefined();
  });

  test('connections are not kept if that is disabled', () => {
    const { replicas, take } = anAgent();
    take(false)?.release();
    expect(take(false)?.client).toBe(replicas[1]);
  });
});
