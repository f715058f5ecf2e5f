import { describe, expect, test } from '@jest/globals';
import { BrupopError, describeError } from './errors.ts';

describe(BrupopError, () => {
  test('has a code, a retry hint and a cause', () => {
    const cause = new Error('socket hang up');
    const error = new BrupopError('HTTP_RESET', 'The connection broke', { retry: 'transient', cause });
    expect([error.code, error.retry, error.cause, error.name]).toEqual(['HTTP_RESET', 'transient', cause, 'BrupopError']);
  });
});

describe(describeError, () => {
  const circular = new Error('a');
  circular.cause = circular;
  test.each([
    { name: 'a chain of causes', error: new Error('a', { cause: new Error('b', { cause: 'c' }) }), text: 'a: b: c' },
    { name: 'a message that equals its cause, once', error: new Error('a', { cause: new Error('a') }), text: 'a' },
    {
      name: 'a message that contains its cause, once',
      error: new Error('Cannot connect: refused. Try again', { cause: new Error('refused') }),
      text: 'Cannot connect: refused. Try again',
    },
    { name: 'an error without a message by its name', error: new TypeError(), text: 'TypeError' },
    { name: 'a circular chain', error: circular, text: 'a' },
    { name: 'a thrown object', error: { secret: 1 }, text: '[object Object]' },
    { name: 'nothing', error: undefined, text: '' },
  ])('describes $name', ({ error, text }) => {
    expect(describeError(error)).toBe(text);
  });
});
