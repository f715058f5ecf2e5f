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
  test('requests that follow one another go by one connection', () => {
    const { replicas, take } = anAgent();
    for (let request = 0; request < 3; request++) {
      const connection = take();
      expect(connection?.client).toBe(replicas[0]);
      connection?.release();
    }
  });

  test('while a poll is held, what is written goes by another, which is kept, too', () => {
    const { replicas, take } = anAgent();
    const poll = take();
    const write = take();
    expect([poll?.client, write?.client]).toEqual(replicas.slice(0, 2));
    write?.release();
    expect(take()?.client).toBe(replicas[1]);
  });

  test('of two that are free, the one that was used last is taken', async () => {
    const { clock, replicas, take } = anAgent();
    const [poll, write] = [take(), take()];
    write?.release();
    await clock.advance(1_000);
    poll?.release();
    expect(take()?.client).toBe(replicas[0]);
  });

  test('a connection that has rested for too long is closed', async () => {
    const { clock, replicas, take } = anAgent();
    take()?.release();
    await clock.advance(75_000);
    expect(take()?.client).toBe(replicas[1]);
  });

  test('a connection to a replica that is no more ready is none', () => {
    const { replicas, take } = anAgent();
    take()?.release();
    replicas.shift();
    expect(replicas).toContain(take()?.client);
  });

  test('where no replica is ready there is none', () => {
    const { replicas, take } = anAgent();
    replicas.length = 0;
    expect(take()).toBeUndefined();
  });

  test('what is not to be kept is not', () => {
    const { replicas, take } = anAgent();
    take(false)?.release();
    expect(take(false)?.client).toBe(replicas[1]);
  });
});
