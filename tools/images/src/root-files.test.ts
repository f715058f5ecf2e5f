import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { writeRootFiles } from './root-files.ts';

describe(writeRootFiles, () => {
  let root: string;
  let umask: number;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'root-files-'));
    umask = process.umask(0o077);
  });
  afterEach(() => {
    process.umask(umask);
    rmSync(root, { recursive: true });
  });

  test('modes of files and folders do not depend on the umask, which would change the digest', async () => {
    await writeRootFiles(root, [
      { path: '/a/b/text', text: 'hello', mode: 0o644 },
      { path: '/a/copy', from: import.meta.filename, mode: 0o755 },
    ]);
    const mode = (path: string): string => (statSync(join(root, path)).mode & 0o777).toString(8);
    expect([mode('a'), mode('a/b'), mode('a/b/text'), mode('a/copy')]).toEqual(['755', '755', '644', '755']);
    expect(readFileSync(join(root, 'a/b/text'), 'utf8')).toBe('hello');
  });
});
