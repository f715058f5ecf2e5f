import { expect, test } from '@jest/globals';
import { ConfigError } from './errors.ts';

test('a configuration error names every problem', () => {
  const error = new ConfigError(['A: bad', 'B: worse']);
  expect([error.name, error.code, error.message]).toEqual(['ConfigError', 'CONFIG_INVALID', 'A: bad; B: worse']);
});
