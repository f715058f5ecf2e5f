import { expect, test } from '@jest/globals';
import { shadowPath, shadowsPath, shadowStatusPath } from './paths.ts';

test.each([
  { path: shadowsPath(), expected: '/apis/brupop.bottlerocket.aws/v2/bottlerocketshadows' },
  { path: shadowPath('ns', 's'), expected: '/apis/brupop.bottlerocket.aws/v2/namespaces/ns/bottlerocketshadows/s' },
  { path: shadowStatusPath('ns', 's'), expected: '/apis/brupop.bottlerocket.aws/v2/namespaces/ns/bottlerocketshadows/s/status' },
])('the path is $expected', ({ path, expected }) => {
  expect(path).toBe(expected);
});
