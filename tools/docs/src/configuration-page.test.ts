import { describe, expect, test } from '@jest/globals';
import { configurationPage } from './configuration-page.ts';
import type { Variable } from './configuration-page.ts';
import { SECTIONS } from './processes.ts';

const rowsOf = (...variables: Variable[]): string[] =>
  configurationPage([{ title: 'Agent', variables }])
    .split('\n')
    .filter((line) => line.startsWith('| `'));

describe(configurationPage, () => {
  test.each<{ name: string; variable: Variable; row: string }>([
    {
      name: 'a default is shown as it is written',
      variable: { env: 'PORT', doc: 'A port.', default: '80' },
      row: '| `PORT`   | `80`    | A port. |',
    },
    { name: 'an empty default is none', variable: { env: 'PORT', doc: 'A port.', default: '' }, row: '| `PORT`   | none    | A port. |' },
    {
      name: 'a former name is shown',
      variable: { env: 'PORT', deprecatedEnv: 'OLD', doc: 'A port.', default: '1' },
      row: '| `PORT`   | `1`     | A port. Formerly `OLD`. |',
    },
    { name: 'without a default it is required', variable: { env: 'PORT', doc: 'A port.' }, row: '| `PORT`   | required | A port. |' },
    {
      name: 'a pipe is escaped',
      variable: { env: 'FORMAT', doc: '`a|b`', default: 'a' },
      row: '| `FORMAT` | `a`     | `a\\|b`  |',
    },
  ])('$name', ({ variable, row }) => {
    expect(rowsOf(variable)).toEqual([row]);
  });

  test('columns are as wide as their widest cell', () => {
    expect(rowsOf({ env: 'A', doc: 'Short.' }, { env: 'LONG_NAME', doc: 'A longer text.', default: '1' })).toEqual([
      '| `A`         | required | Short.         |',
      '| `LONG_NAME` | `1`      | A longer text. |',
    ]);
  });
});

describe('docs/configuration.md', () => {
  test.each(SECTIONS)('$title: lists no variable twice', ({ variables }) => {
    const names = variables.map(({ env }) => env);
    expect(names).toEqual([...new Set(names)]);
  });
});
