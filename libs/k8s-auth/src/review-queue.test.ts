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
    runningForUnknown: 2,
    waiting: { known: 4, unknown: 4 },
    waitingOfSource: { known: 2, unknown: 3 },
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
  test('leaves a free slot for known callers', async () => {
    for (const name of ['s1', 's2', 's3']) enter(name, 'unknown');
    enter('k1', 'known');
    await settle();
    expect(events).toEqual(['s1', 's2', 'k1']);
  });

  test('serves known callers first, and sources in turn', async () => {
    const running = [enter('k0', 'known', 'x'), enter('s0', 'unknown', 'x'), enter('s1', 'unknown', 'x')];
    enter('s2', 'unknown', 'a');
    enter('s3', 'unknown', 'a');
    enter('s4', 'unknown', 'b');
    enter('k1', 'known', 'a');
    enter('k2', 'known', 'a');
    enter('k3', 'known', 'b');
    await settle();
    events = [];
    for (const turn of running) turn.end();
    await settle();
    expect(events).toEqual(['k1', 'k3', 'k2']);
  });

  test('serves the sources of unknown callers in turn', async () => {
    const running = [enter('s0', 'unknown', 'x'), enter('s1', 'unknown', 'x')];
    for (const name of ['s2', 's3']) enter(name, 'unknown', 'a');
    enter('s4', 'unknown', 'b');
    await settle();
    events = [];
    for (const turn of running) turn.end();
    await settle();
    expect(events).toEqual(['s2', 's4']);
  });

  test.each([
    { name: 'a source has its limit of reviews waiting', sources: ['a', 'a', 'a', 'a'] },
    { name: 'the lane is full', sources: ['a', 'b', 'c', 'd', 'e'] },
  ])('rejects immediately when $name', async ({ sources }) => {
    enter('s0', 'unknown', 'x');
    enter('s1', 'unknown', 'x');
    for (const [at, source] of sources.entries()) enter(`w${String(at)}`, 'unknown', source);
    await settle();
    expect(events).toEqual(['s0', 's1', `w${String(sources.length - 1)}: Too many reviews are pending`]);
  });

  test('lets a disconnected caller leave the queue', async () => {
    const running = [enter('s0', 'unknown'), enter('s1', 'unknown')];
    const gone = enter('s2', 'unknown');
    enter('s3', 'unknown');
    expect([gone.leave(), gone.leave(), queue.waiting]).toEqual([true, false, 1]);
    running[0]?.end();
    await settle();
    expect(events).toEqual(['s0', 's1', 's2: The review was abandoned', 's3']);
    expect([running[1]?.leave(), queue.waiting]).toEqual([false, 0]);
  });

  test('limits the wait', async () => {
    enter('s0', 'unknown');
    enter('s1', 'unknown');
    enter('s2', 'unknown');
    await clock.advance(10_000);
    expect([events.at(-1), queue.waiting]).toEqual(['s2: The review was abandoned', 0]);
  });

  test('releases the slot of a turn once', async () => {
    const turn = enter('s0', 'unknown');
    turn.end();
    turn.end();
    for (const name of ['s1', 's2', 's3']) enter(name, 'unknown');
    await settle();
    expect(events).toEqual(['s0', 's1', 's2']);
  });
});
