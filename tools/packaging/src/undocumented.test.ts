import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { undocumentedExports } from './undocumented.ts';
import { libraries } from './workspace.ts';

describe('undocumentedExports', () => {
  let library: string;

  beforeAll(async () => {
    library = await mkdtemp(join(tmpdir(), 'bp-'));
    await mkdir(join(library, 'src'));
    await writeFile(
      join(library, 'src/index.ts'),
      "export { documented, bare } from './names.ts';\nexport type { Bare } from './names.ts';\n",
    );
    await writeFile(
      join(library, 'src/names.ts'),
      '/** What it is. */\nexport const documented = 1;\nexport const bare = 2;\nexport interface Bare {}\nexport const internal = 3;\n',
    );
  });

  afterAll(() => rm(library, { recursive: true }));

  test('names exports of the entry point without a docstring, and nothing else', () => {
    expect(undocumentedExports(library)).toEqual(['bare', 'Bare']);
  });
});

describe('each library', () => {
  test.each(libraries().map(({ folder, path }) => ({ folder, path })))('$folder documents every export', ({ path }) => {
    expect(undocumentedExports(path)).toEqual([]);
  });
});
