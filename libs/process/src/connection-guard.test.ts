import { beforeEach, describe, expect, test } from '@jest/globals';
import { VirtualClock } from '@brupop/ports';
import { ConnectionGuard, type GuardedConnection } from './connection-guard.ts';
import { connectionLimits } from './connection-limits.ts';

let clock: VirtualClock;
let guard: ConnectionGuard;
/** Names of the closed connections. */
let closed: string[];
beforeEach(() => {
  clock = new VirtualClock();
  closed = [];
  guard = new ConnectionGuard(clock, { total: 6, strangers: 4, strangersOfSource: 3, ofOwner: 2 });
});

const enter = (name: string, source = name): GuardedConnection | undefined => {
  const connection = guard.enter(source, () => {
    closed.push(name);
    connection?.closed();
  });
  return connection;
};
const enterAll = (...names: string[]): (GuardedConnection | undefined)[] => names.map((name) => enter(name));
const later = (): Promise<void> => clock.advance(2_000);

describe(ConnectionGuard, () => {
  test('closes the connection of the unknown caller that has been idle longest, to make room for the next', async () => {
    const [a] = enterAll('a', 'b', 'c', 'd');
    await later();
    a?.request()();
    await later();
    expect([enter('e') !== undefined, enter('f') !== undefined, closed]).toEqual([true, true, ['b', 'c']]);
  });

  test('keeps a connection in its first two seconds, and rejects the next one', () => {
    enterAll('a', 'b', 'c', 'd');
    expect([enter('e'), closed]).toEqual([undefined, []]);
  });

  test('keeps a connection with a pending request', async () => {
    const [a] = enterAll('a', 'b', 'c', 'd');
    a?.request();
    await later();
    enter('e');
    expect(closed).toEqual(['b']);
  });

  test('an address that opens many connections replaces only its own', async () => {
    enter('other');
    for (const name of ['a', 'b', 'c']) enter(name, 'x');
    await later();
    enter('d', 'x');
    expect(closed).toEqual(['a']);
  });

  test('known callers keep their connections, which unknown callers never replace', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) enter(name)?.vouch(name);
    await later();
    for (const name of ['s1', 's2', 's3']) {
      enter(name);
      await later();
    }
    expect([closed, guard.size]).toEqual([['s1', 's2'], 6]);
  });

  test('a known caller keeps a limited number; further ones count as those of unknown callers', async () => {
    for (const connection of enterAll('a', 'b', 'c')) connection?.vouch('node');
    enterAll('s1', 's2', 's3');
    await later();
    enter('s4');
    expect(closed).toEqual(['a']);
  });

  test('a caller that is denied later is unknown again', async () => {
    const [a] = enterAll('a', 'b', 'c', 'd');
    a?.vouch('node');
    a?.vouch(undefined);
    await later();
    enterAll('e', 'f', 'g');
    expect(closed).toEqual(['b', 'c', 'd']);
    enter('h');
    expect(closed).toEqual(['b', 'c', 'd', 'a']);
  });

  test('a closed connection is forgotten', () => {
    const connections = enterAll('a', 'b', 'c', 'd');
    connections[0]?.vouch('node');
    for (const connection of connections) {
      connection?.closed();
      connection?.closed();
      connection?.vouch('node');
    }
    expect(guard.size).toBe(0);
  });
});

describe(connectionLimits, () => {
  test.each([
    { name: 'the memory limit of an apiserver in the manifests', mib: 512, total: 6_100, strangers: 1_525 },
    { name: 'little memory', mib: 64, total: 500, strangers: 125 },
    { name: 'a whole machine', mib: 16_384, total: 10_000, strangers: 2_500 },
  ])('$name: $total connections, $strangers of them of unknown callers', ({ mib, total, strangers }) => {
    expect(connectionLimits(mib * 2 ** 20)).toMatchObject({ total, strangers });
  });
});
