import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { DOCUMENTS_FOLDER } from './documents.ts';
import { RETIRED_WORDS } from './retired-words.ts';

const root = join(DOCUMENTS_FOLDER, '..');
const sources = globSync('{libs,apps}/*/src/**/*.ts', { cwd: root, exclude: ['**/generated/**'] }).map((path) => ({
  path,
  lines: readFileSync(join(root, path), 'utf8').split('\n'),
}));
const glossary = readFileSync(join(DOCUMENTS_FOLDER, 'glossary.md'), 'utf8');

describe('retired words', () => {
  test('are looked for in all sources', () => {
    expect(sources.length).toBeGreaterThan(300);
  });

  test.each(RETIRED_WORDS)('$word is in no source', ({ pattern, onlyIn = [''] }) => {
    const found = sources
      .filter(({ path }) => onlyIn.some((folder) => path.startsWith(folder)))
      .flatMap(({ path, lines }) => lines.flatMap((line, at) => (pattern.test(line) ? [`${path}:${String(at + 1)}: ${line.trim()}`] : [])));
    expect(found).toEqual([]);
  });

  test.each(RETIRED_WORDS)('$word is in the glossary', ({ word }) => {
    expect(glossary).toContain(word);
  });
});
