import { describe, expect, test } from '@jest/globals';
import { VirtualClock } from '@brupop/ports';
import type { Request, Response } from 'express';
import { requestLimit } from './request-limit.ts';

describe(requestLimit, () => {
  const clock = new VirtualClock();
  const limit = requestLimit(clock);
  /** How many of the requests of a node pass. */
  const passed = (node: string, requests: number): number => {
    const response = {
      locals: { caller: { ok: true, node: { name: node, uid: 'u' }, pod: { name: 'p', uid: 'u' } } },
    } as unknown as Response;
    let count = 0;
    for (let at = 0; at < requests; at++) {
      try {
        limit({} as unknown as Request, response, () => count++);
      } catch (error) {
        expect(error).toMatchObject({ status: 429, errorCode: 'TOO_MANY_REQUESTS' });
      }
    }
    return count;
  };

  test('limits an agent to a burst of 120 and then 5 requests per second, and does not affect the others', async () => {
    expect(passed('liar', 10_000)).toBe(120);
    expect(passed('honest', 40)).toBe(40);
    await clock.advance(10_000);
    expect(passed('liar', 10_000)).toBe(50);
    expect(passed('honest', 40)).toBe(40);
  });
});
