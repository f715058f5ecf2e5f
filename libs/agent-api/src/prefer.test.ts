import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parsePrefer } from './prefer.ts';
import { preferWait, RESPOND_ASYNC } from './routes.ts';

describe(parsePrefer, () => {
  test.each([
    { name: 'no header', header: undefined, expected: { respondAsync: false } },
    { name: 'an empty header', header: '', expected: { respondAsync: false } },
    { name: 'the value that our agents send for one step', header: RESPOND_ASYNC, expected: { respondAsync: true } },
    { name: 'the value that our agents send for a long poll', header: preferWait(30), expected: { wait: 30, respondAsync: false } },
    { name: 'both', header: 'respond-async, wait=10', expected: { wait: 10, respondAsync: true } },
    { name: 'any case and spaces', header: ' Respond-Async ,WAIT = 10 ', expected: { wait: 10, respondAsync: true } },
    { name: 'a quoted value', header: 'wait="10"', expected: { wait: 10, respondAsync: false } },
    { name: 'parameters', header: 'respond-async; a=b, wait=10;c', expected: { wait: 10, respondAsync: true } },
    { name: 'unknown preferences', header: 'return=minimal, foo="a, respond-async", wait=1', expected: { wait: 1, respondAsync: false } },
    { name: 'a repeated preference, of which the first counts', header: 'wait=1, wait=2', expected: { wait: 1, respondAsync: false } },
    { name: 'a wait of 0', header: 'wait=0', expected: { wait: 0, respondAsync: false } },
    { name: 'a wait without a value', header: 'wait', expected: { respondAsync: false } },
    { name: 'a wait below 0', header: 'wait=-1', expected: { respondAsync: false } },
    { name: 'a wait that is too long', header: 'wait=99999999999', expected: { respondAsync: false } },
    { name: 'no valid token', header: '=1, ;, "', expected: { respondAsync: false } },
  ])('$name: $header', ({ header, expected }) => {
    expect(parsePrefer(header)).toEqual(expected);
  });

  test('returns a number of seconds as wait for any header', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        const { wait = 0 } = parsePrefer(header);
        expect(Number.isSafeInteger(wait) && wait >= 0).toBe(true);
      }),
    );
  });
});
