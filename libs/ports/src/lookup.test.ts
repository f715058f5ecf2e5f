import type { LookupFunction } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { VirtualClock } from './virtual-clock.ts';
import { lookupOr } from './lookup.ts';

const answers: LookupFunction = (_, { all }, callback) => {
  if (all === true) callback(null, [{ address: '10.0.0.1', family: 4 }]);
  else callback(null, '10.0.0.1', 4);
};
const fails: LookupFunction = (_, __, callback) => {
  callback(Object.assign(new Error('no name server'), { code: 'EAI_AGAIN' }), '');
};
const hangs: LookupFunction = () => undefined;

describe(lookupOr, () => {
  test.each([
    { name: 'the result of the resolver', resolve: answers, address: '10.0.0.9', all: false, expected: [null, '10.0.0.1', 4] },
    {
      name: 'all results of the resolver',
      resolve: answers,
      address: '10.0.0.9',
      all: true,
      expected: [null, [{ address: '10.0.0.1', family: 4 }]],
    },
    { name: 'the fallback address if it fails', resolve: fails, address: '10.0.0.9', all: false, expected: [null, '10.0.0.9', 4] },
    {
      name: 'the fallback address with its IPv6 family, if all are requested and it fails',
      resolve: fails,
      address: 'fd00::9',
      all: true,
      expected: [null, [{ address: 'fd00::9', family: 6 }]],
    },
    {
      name: 'the fallback address if it does not answer',
      resolve: hangs,
      address: '10.0.0.9',
      all: false,
      expected: [null, '10.0.0.9', 4],
    },
  ])('returns $name, once', async ({ resolve, address, all, expected }) => {
    const clock = new VirtualClock();
    const given: unknown[][] = [];
    lookupOr(address, { resolve, clock })('apiserver.example', { all }, (...answer) => given.push(answer));
    await clock.advance(60_000);
    expect(given).toEqual([expected]);
  });

  test('waits for a slow resolver', async () => {
    const clock = new VirtualClock();
    const given: unknown[] = [];
    const slow: LookupFunction = (...ask) => {
      clock.setTimer(1_900, () => {
        answers(...ask);
      });
    };
    lookupOr('10.0.0.9', { resolve: slow, clock })('apiserver.example', {}, (_, address) => given.push(address));
    await clock.advance(60_000);
    expect(given).toEqual(['10.0.0.1']);
  });
});
