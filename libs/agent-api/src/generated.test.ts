import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const project = join(import.meta.dirname, '..');

describe('generated validators', () => {
  test('match the schemas', () => {
    const { status, stderr } = spawnSync(process.execPath, ['--conditions=@brupop/source', 'scripts/generate.mjs', '--check'], {
      cwd: project,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('import nothing at run time', () => {
    const source = readFileSync(join(project, 'src/generated/validators.ts'), 'utf8').replace(/^import type .*$/m, '');
    expect(source).not.toMatch(/\b(?:require|import)\b/);
  });
});
