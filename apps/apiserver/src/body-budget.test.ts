import { beforeEach, describe, expect, test } from '@jest/globals';
import { VirtualClock } from '@brupop/ports';
import { BodyBudget, type BodyReservation } from './body-budget.ts';

let clock: VirtualClock;
let budget: BodyBudget;
let cut: string[];
beforeEach(() => {
  clock = new VirtualClock();
  budget = new BodyBudget(clock, 100);
  cut = [];
});
const enter = (name: string): BodyReservation => budget.enter(() => cut.push(name));

describe(BodyBudget, () => {
  test('reserves nothing for a body before it arrives', () => {
    for (let at = 0; at < 63; at++) enter(`idle ${String(at)}`);
    expect([enter('a').grow(100), cut]).toEqual([true, []]);
  });

  test('cuts off the body that has not grown for the longest time', async () => {
    const [slow, slower, quick] = [enter('slow'), enter('slower'), enter('quick')];
    slow.grow(40);
    slower.grow(40);
    slow.grow(10);
    await clock.advance(250);
    expect([quick.grow(50), cut, slower.grow(1)]).toEqual([true, ['slower'], false]);
  });

  test('rejects the last body instead of cutting off bodies that grow', () => {
    const [first, last] = [enter('first'), enter('last')];
    expect([first.grow(90), last.grow(11), last.grow(10), cut]).toEqual([true, false, true, []]);
  });

  test('releases the bytes of a body once', () => {
    const body = enter('a');
    body.grow(100);
    body.release();
    body.release();
    expect([body.grow(1), enter('b').grow(101), enter('c').grow(100)]).toEqual([false, false, true]);
  });
});
