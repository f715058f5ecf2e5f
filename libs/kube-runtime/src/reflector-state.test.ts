import { describe, expect, test } from '@jest/globals';
import { BrupopError } from '@brupop/ports';
import { backoffMs } from './backoff.ts';
import { KubeApiError } from './kube-error.ts';
import { nextStep } from './reflector-state.ts';

const listing = { kind: 'listing' } as const;
const watching = { kind: 'watching', resourceVersion: '7' } as const;
const reset = new BrupopError('HTTP_RESET', 'x', { retry: 'transient' });
const throttled = new KubeApiError(429, 'TooManyRequests', 'x', { retryAfterMs: 9_000 });
const forbidden = new KubeApiError(403, 'Forbidden', 'x');

describe(nextStep, () => {
  test.each([
    {
      name: 'a list is followed by a watch from its version',
      outcome: { kind: 'listed', resourceVersion: '7' },
      failures: 0,
      state: watching,
      delayMs: 0,
      after: 0,
    },
    {
      name: 'a list does not reset the failures: only a good watch does',
      outcome: { kind: 'listed', resourceVersion: '7' },
      failures: 3,
      state: watching,
      delayMs: 0,
      after: 3,
    },
    {
      name: 'a good watch that ends is resumed at once',
      outcome: { kind: 'ended', resourceVersion: '7', healthy: true },
      failures: 3,
      state: watching,
      delayMs: 0,
      after: 0,
    },
    {
      name: 'a watch that ends as soon as it began is resumed later',
      outcome: { kind: 'ended', resourceVersion: '7', healthy: false },
      failures: 0,
      state: watching,
      delayMs: 500,
      after: 1,
    },
    {
      name: 'after an expired version it lists immediately',
      outcome: { kind: 'expired', healthy: true },
      failures: 2,
      state: listing,
      delayMs: 0,
      after: 0,
    },
    {
      name: 'after a version that expires immediately it lists later',
      outcome: { kind: 'expired', healthy: false },
      failures: 1,
      state: listing,
      delayMs: 1_000,
      after: 2,
    },
    {
      name: 'a broken connection is resumed',
      outcome: { kind: 'failed', error: reset, resourceVersion: '7', healthy: true },
      failures: 4,
      state: watching,
      delayMs: 500,
      after: 1,
    },
    {
      name: 'a connection that breaks repeatedly leads to a list',
      outcome: { kind: 'failed', error: reset, resourceVersion: '7', healthy: false },
      failures: 5,
      state: listing,
      delayMs: 16_000,
      after: 6,
    },
    {
      name: 'a failed list is tried again',
      outcome: { kind: 'failed', error: reset, healthy: false },
      failures: 0,
      state: listing,
      delayMs: 500,
      after: 1,
    },
    {
      name: 'a refusal leads to a list',
      outcome: { kind: 'failed', error: forbidden, resourceVersion: '7', healthy: false },
      failures: 0,
      state: listing,
      delayMs: 500,
      after: 1,
    },
    {
      name: 'a busy server is given the time it asks for',
      outcome: { kind: 'failed', error: throttled, resourceVersion: '7', healthy: false },
      failures: 0,
      state: watching,
      delayMs: 9_000,
      after: 1,
    },
    { name: 'a requested list comes first', outcome: { kind: 'relist' }, failures: 9, state: listing, delayMs: 0, after: 0 },
  ] as const)('$name', ({ outcome, failures, state, delayMs, after }) => {
    expect(nextStep(outcome, failures, () => 1)).toEqual({ state, delayMs, failures: after });
  });
});

describe(backoffMs, () => {
  test.each([
    { failures: 1, chance: 0, ms: 50 },
    { failures: 1, chance: 1, ms: 100 },
    { failures: 3, chance: 1, ms: 400 },
    { failures: 5, chance: 1, ms: 1_000 },
    { failures: 5_000, chance: 0, ms: 500 },
  ])('after $failures failures waits $ms ms with chance $chance', ({ failures, chance, ms }) => {
    expect(backoffMs(failures, { minMs: 100, maxMs: 1_000 }, () => chance)).toBe(ms);
  });
});
