import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseCredentials } from './credentials.ts';

const good = { token: 'aaa.bbb-_~+/.ccc==', nodeName: 'ip-10-0-0-1.eu-west-1.compute.internal', nodeUid: 'b2c0-1' };

describe(parseCredentials, () => {
  test.each([
    { name: 'accepts a token and a node', credentials: good, expected: good },
    {
      name: 'counts an empty node UID as not sent',
      credentials: { ...good, nodeUid: '' },
      expected: { token: good.token, nodeName: good.nodeName },
    },
    {
      name: 'accepts a missing node UID',
      credentials: { ...good, nodeUid: undefined },
      expected: { token: good.token, nodeName: good.nodeName },
    },
  ])('$name', ({ credentials, expected }) => {
    expect(parseCredentials(credentials)).toEqual({ ok: true, ...expected });
  });

  test.each([
    { name: 'no token', change: { token: undefined }, code: 'TOKEN_MISSING' },
    { name: 'an empty token', change: { token: '' }, code: 'TOKEN_MISSING' },
    { name: 'a token sent twice', change: { token: 'aaa, bbb' }, code: 'TOKEN_MALFORMED' },
    { name: 'a token with a line feed', change: { token: 'aaa\n' }, code: 'TOKEN_MALFORMED' },
    { name: 'a token that is too long', change: { token: 'a'.repeat(16_385) }, code: 'TOKEN_MALFORMED' },
    { name: 'no node name', change: { nodeName: undefined }, code: 'NODE_NAME_INVALID' },
    { name: 'a node name sent twice', change: { nodeName: 'node-1, node-2' }, code: 'NODE_NAME_INVALID' },
    { name: 'a node name that changes the path', change: { nodeName: '../pods' }, code: 'NODE_NAME_INVALID' },
    { name: 'a node name with a line feed', change: { nodeName: 'node-1\n' }, code: 'NODE_NAME_INVALID' },
    { name: 'a node name that adds a selector', change: { nodeName: 'node-1,status.phase=Failed' }, code: 'NODE_NAME_INVALID' },
    { name: 'a node name that is too long', change: { nodeName: 'a'.repeat(254) }, code: 'NODE_NAME_INVALID' },
    { name: 'a node UID with invalid characters', change: { nodeUid: 'a b' }, code: 'NODE_UID_INVALID' },
  ])('denies $name', ({ change, code }) => {
    const status = code.startsWith('TOKEN') ? 401 : 403;
    expect(parseCredentials({ ...good, ...change })).toMatchObject({ ok: false, status, code });
  });

  test('never throws, and never quotes the token', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8 }), fc.string(), fc.string(), (token, nodeName, nodeUid) => {
        const result = parseCredentials({ token, nodeName, nodeUid });
        expect(result.ok || !result.message.includes(token)).toBe(true);
      }),
    );
  });
});
