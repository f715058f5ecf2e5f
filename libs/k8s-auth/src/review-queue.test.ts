import { beforeEach, describe, expect, test } from '@jest/globals';
import { VirtualClock } from '@brupop/ports';
import { NoTurn, ReviewQueue, type Lane, type Turn } from './review-queue.ts';

let clock: VirtualClock;
let queue: ReviewQueue;
/** Names of the turns, in the order in which they began or failed. */
let events: string[];

beforeEach(() => {
  clock = new VirtualClock();
  events = [];
  queue = new ReviewQueue(clock, {
    running: 3,
    runningForStrangers: 2,
    waiting: { known: 4, strangers: 4 },
    waitingOfSource: { known: 2, strangers: 3 },
    waitMs: 10_000,
  });
});

const enter = (name: string, lane: Lane, source = 'a'): Turn => {
  const turn = queue.enter(lane, source);
  turn.begun.then(
    () => events.push(name),
    (error: unknown) => events.push(error instanceof NoTurn ? `${name}: ${error.message}` : 'unexpected'),
  );
  return turn;
};
const settle = (): Promise<void> => clock.advance(0);

describe(ReviewQueue, () => {
  test('strangers never hold all that may run, and a known caller finds a free one', async () => {
    for (const name of ['s1', 's2', 's3']) enter(name, 'strangers');
    enter('k1', 'known');
    await settle();
    expect(events).toEqual(['s1', 's2', 'k1']);
  });

  test('known callers come first, and sources in turn', async () => {
    const running = [enter('k0', 'known', 'x'), enter('s0', 'strangers', 'x'), enter('s1', 'strangers', 'x')];
    enter('s2', 'strangers', 'a');
    enter('s3', 'strangers', 'a');
    enter('s4', 'strangers', 'b');
    enter('k1', 'known', 'a');
    enter('k2', 'known', 'a');
    enter('k3', 'known', 'b');
    await settle();
    events = [];
    for (const turn of running) turn.end();
    await settle();
    expect(events).toEqual(['k1', 'k3', 'k2']);
  });

  test('of strangers, a source that asks for many delays only itself', async () => {
    const running = [enter('s0', 'strangers', 'x'), enter('s1', 'strangers', 'x')];
    for (const name of ['s2', 's3']) enter(name, 'strangers', 'a');
    enter('s4', 'strangers', 'b');
    await settle();
    events = [];
    for (const turn of running) turn.end();
    await settle();
    expect(events).toEqual(['s2', 's4']);
  });

  test.each([
    { name: 'a source has enough waiting', sources: ['a', 'a', 'a', 'a'] },
    { name: 'the lane is full', sources: ['a', 'b', 'c', 'd', 'e'] },
  ])('refuses at once when $name', async ({ sources }) => {
    enter('s0', 'strangers', 'x');
    enter('s1', 'strangers', 'x');
    for (const [at, source] of sources.entries()) enter(`w${String(at)}`, 'strangers', source);
    await settle();
    expect(events).toEqual(['s0', 's1', `w${String(sources.length - 1)}: Too many reviews are pending`]);
  });

  test('a caller that has gone leaves the queue and makes room', async () => {
    const running = [enter('s0', 'strangers'), enter('s1', 'strangers')];
    const gone = enter('s2', 'strangers');
    enter('s3', 'strangers');
    expect([gone.leave(), gone.leave(), queue.waiting]).toEqual([true, false, 1]);
    running[0]?.end();
    await settle();
    expect(events).toEqual(['s0', 's1', 's2: The review was abandoned', 's3']);
    expect([running[1]?.leave(), queue.waiting]).toEqual([false, 0]);
  });

  test('nobody waits longer than the limit', async () => {
    enter('s0', 'strangers');
    enter('s1', 'strangers');
    enter('s2', 'strangers');
    await clock.advance(10_000);
    expect([events.at(-1), queue.waiting]).toEqual(['s2: The review was abandoned', 0]);
  });

  test('a turn that ends twice gives back one place', async () => {
    const turn = enter('s0', 'strangers');
    turn.end();
    turn.end();
    for (const name of ['s1', 's2', 's3']) enter(name, 'strangers');
    await settle();
    expect(events).toEqual(['s0', 's1', 's2']);
  });
});
