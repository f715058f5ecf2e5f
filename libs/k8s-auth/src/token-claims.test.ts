import { describe, expect, test } from '@jest/globals';
import { claimedIdentity } from './token-claims.ts';

const jwt = (payload: string): string => `h.${Buffer.from(payload).toString('base64url')}.s`;
const NOTHING = { subject: undefined, audiences: [], expiryMs: undefined, podName: undefined, podUid: undefined };

describe(claimedIdentity, () => {
  test('reads the claims of a projected token', () => {
    const payload = { aud: ['a', 7], exp: 1_700_000_000, sub: 's', 'kubernetes.io': { pod: { name: 'p', uid: 'u' } } };
    const expected = { subject: 's', audiences: ['a'], expiryMs: 1_700_000_000_000, podName: 'p', podUid: 'u' };
    expect(claimedIdentity(jwt(JSON.stringify(payload)))).toEqual(expected);
  });

  test('accepts a single audience', () => {
    expect(claimedIdentity(jwt('{"aud":"a"}')).audiences).toEqual(['a']);
  });

  test.each([
    { name: 'an opaque token', token: 'opaque' },
    { name: 'a payload that is not JSON', token: jwt('{') },
    { name: 'a payload that is not an object', token: jwt('null') },
    { name: 'claims of other types', token: jwt('{"exp":"soon","sub":1,"aud":{},"kubernetes.io":"x"}') },
    { name: 'a pod claim of another type', token: jwt('{"kubernetes.io":{"pod":["name"]}}') },
    { name: 'a deeply nested payload', token: jwt('['.repeat(5_000) + ']'.repeat(5_000)) },
  ])('finds nothing in $name', ({ token }) => {
    expect(claimedIdentity(token)).toEqual(NOTHING);
  });
});
