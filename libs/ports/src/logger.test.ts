import { describe, expect, test } from '@jest/globals';
import { memoryLogger } from './logger.ts';

describe(memoryLogger, () => {
  test('keeps the entries of its children with all their fields', () => {
    const log = memoryLogger();
    log.child({ a: 1 }).child({ b: 2 }).error('Failed', { c: 3 });
    expect(log.entries).toEqual([{ level: 'error', message: 'Failed', fields: { a: 1, b: 2, c: 3 } }]);
  });

  test.each([
    { name: 'tokens', fields: { token: 'x', bearerToken: 'x' }, kept: { token: '[redacted]', bearerToken: '[redacted]' } },
    {
      name: 'headers in an object',
      fields: { headers: { Authorization: 'x', a: 'b' } },
      kept: { headers: { Authorization: '[redacted]', a: 'b' } },
    },
    {
      name: 'private keys in any field',
      fields: {
        pem: '-----BEGIN EC PRIVATE KEY-----\nMIG',
        error: new Error(`data: Invalid value: "${Buffer.from('-----BEGIN PRIVATE KEY-----').toString('base64')}"`),
      },
      kept: { pem: '[redacted]', error: '[redacted]' },
    },
    { name: 'secrets in a list', fields: { all: [{ password: 'x' }] }, kept: { all: [{ password: '[redacted]' }] } },
    { name: 'numbers unchanged', fields: { tokenReviews: 3 }, kept: { tokenReviews: 3 } },
    { name: 'errors as one line', fields: { error: Object.assign(new Error('a'), { code: 'X' }) }, kept: { error: 'a (X)' } },
    { name: 'absent fields not at all', fields: { a: undefined, b: null }, kept: { b: null } },
  ])('redacts or keeps $name', ({ fields, kept }) => {
    const log = memoryLogger();
    log.info('x', fields);
    log.child(fields).info('x');
    expect(log.entries.map((entry) => entry.fields)).toEqual([kept, kept]);
  });
});
