import { describe, expect, test } from '@jest/globals';
import { ByteBudget } from './byte-budget.ts';

describe(ByteBudget, () => {
  test('gives no more than it has, and again what came back', () => {
    const budget = new ByteBudget(100);
    const first = budget.take(60);
    expect(budget.take(41)).toBeUndefined();
    const second = budget.take(40);
    expect(budget.take(1)).toBeUndefined();
    second?.();
    expect(budget.take(41)).toBeUndefined();
    first?.();
    expect(budget.take(100)).toBeDefined();
  });

  test('is not made larger by giving back twice', () => {
    const budget = new ByteBudget(100);
    const giveBack = budget.take(100);
    giveBack?.();
    giveBack?.();
    expect(budget.take(101)).toBeUndefined();
  });
});
