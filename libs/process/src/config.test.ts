import { describe, expect, test } from '@jest/globals';
import { loadConfig, parseConfig } from './config.ts';
import type { ConfigSpec } from './config.ts';
import { ConfigError } from './errors.ts';
import { boolean, integer, ipAddress, oneOf, optional, port, seconds, text, url } from './parsers.ts';

interface Sample {
  readonly node: string;
  readonly limit: number;
  readonly pin: number;
}
const spec: ConfigSpec<Sample> = {
  node: { env: 'MY_NODE_NAME', doc: 'the name of the node', parse: text },
  limit: { env: 'LIMIT', doc: 'how many', default: '1', parse: integer({ min: 1 }) },
  pin: { env: 'PIN', doc: 'a secret', default: '0', parse: integer(), secret: true },
};

describe(parseConfig, () => {
  test.each([
    { name: 'defaults', env: { MY_NODE_NAME: 'a' }, config: { node: 'a', limit: 1, pin: 0 } },
    { name: 'the default for an empty variable', env: { MY_NODE_NAME: 'a', LIMIT: ' ' }, config: { node: 'a', limit: 1, pin: 0 } },
    { name: 'values, trimmed', env: { MY_NODE_NAME: ' a ', LIMIT: '7', PIN: '9' }, config: { node: 'a', limit: 7, pin: 9 } },
  ])('reads $name', ({ env, config }) => {
    expect(parseConfig(spec, env)).toEqual({ ok: true, config, deprecated: [] });
  });

  test('reports all problems at once, without secrets', () => {
    expect(parseConfig(spec, { LIMIT: 'two', PIN: 'hunter2' })).toEqual({
      ok: false,
      problems: [
        'MY_NODE_NAME: required, the name of the node',
        'LIMIT: expected an integer of at least 1, got "two"',
        'PIN: expected an integer of at least 0, got an invalid value',
      ],
    });
  });

  const renamed: ConfigSpec<{ readonly wait: number }> = {
    wait: { env: 'NEW_WAIT', deprecatedEnv: 'OLD_WAIT', doc: 'how long', default: '1', parse: integer() },
  };
  const warning = { name: 'OLD_WAIT', replacement: 'NEW_WAIT' };
  const conflict = 'NEW_WAIT and OLD_WAIT: set to different values; remove OLD_WAIT, which is deprecated';
  test.each([
    { name: 'neither name: the default', env: {}, result: { ok: true, config: { wait: 1 }, deprecated: [] } },
    { name: 'the current name', env: { NEW_WAIT: '2' }, result: { ok: true, config: { wait: 2 }, deprecated: [] } },
    {
      name: 'the deprecated name, with a warning',
      env: { OLD_WAIT: '2' },
      result: { ok: true, config: { wait: 2 }, deprecated: [warning] },
    },
    {
      name: 'both with one value, with a warning',
      env: { NEW_WAIT: '2', OLD_WAIT: ' 2' },
      result: { ok: true, config: { wait: 2 }, deprecated: [warning] },
    },
    {
      name: 'the current name when the deprecated one is empty',
      env: { NEW_WAIT: '2', OLD_WAIT: '' },
      result: { ok: true, deprecated: [] },
    },
    { name: 'an error for different values', env: { NEW_WAIT: '2', OLD_WAIT: '3' }, result: { ok: false, problems: [conflict] } },
    {
      name: 'an error that quotes the name that is set',
      env: { OLD_WAIT: 'x' },
      result: { ok: false, problems: ['OLD_WAIT: expected an integer of at least 0, got "x"'] },
    },
  ])('of a renamed variable: $name', ({ env, result }) => {
    expect(parseConfig(renamed, env)).toMatchObject(result);
  });

  test('is frozen', () => {
    expect(Object.isFrozen(loadConfig(spec, { MY_NODE_NAME: 'a' }))).toBe(true);
  });

  test('loadConfig throws all problems', () => {
    expect(() => loadConfig(spec, {})).toThrow(new ConfigError(['MY_NODE_NAME: required, the name of the node']));
  });
});

describe('parsers', () => {
  test.each([
    { name: 'text', parse: text, given: 'a', value: 'a' },
    { name: 'text', parse: text, given: '', expected: 'some text' },
    { name: 'boolean', parse: boolean, given: 'true', value: true },
    { name: 'boolean', parse: boolean, given: 'false', value: false },
    { name: 'boolean', parse: boolean, given: 'yes', expected: 'true or false' },
    { name: 'integer', parse: integer({ min: -2, max: 2 }), given: '-2', value: -2 },
    { name: 'integer', parse: integer({ max: 2 }), given: '3', expected: 'an integer from 0 to 2' },
    { name: 'integer', parse: integer(), given: '1e3', expected: 'an integer of at least 0' },
    { name: 'integer', parse: integer(), given: '99999999999999999', expected: 'an integer of at least 0' },
    { name: 'port', parse: port, given: '8443', value: 8443 },
    { name: 'port', parse: port, given: '65536', expected: 'an integer from 0 to 65535' },
    { name: 'oneOf', parse: oneOf('a', 'b'), given: 'b', value: 'b' },
    { name: 'oneOf', parse: oneOf('a', 'b'), given: 'c', expected: 'one of a, b' },
    { name: 'seconds', parse: seconds(), given: '90', value: 90_000 },
    { name: 'seconds', parse: seconds({ max: 5 }), given: '6', expected: 'seconds, an integer from 0 to 5' },
    { name: 'optional', parse: optional(port), given: '', value: undefined },
    { name: 'optional', parse: optional(port), given: '1', value: 1 },
    { name: 'ipAddress', parse: ipAddress, given: 'fd00::1', value: 'fd00::1' },
    { name: 'ipAddress', parse: ipAddress, given: 'None', expected: 'an IP address' },
    { name: 'url', parse: url, given: 'https://a:1/b/', value: 'https://a:1/b' },
    { name: 'url', parse: url, given: 'ftp://a', expected: 'an http or https URL' },
    { name: 'url', parse: url, given: 'a', expected: 'an http or https URL' },
  ])('$name of "$given"', ({ parse, given, value, expected }) => {
    expect(parse(given)).toEqual(expected === undefined ? { ok: true, value } : { ok: false, expected });
  });
});
