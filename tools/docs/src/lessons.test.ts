import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { lessonsOf, namesTest } from './lessons.ts';

const docs = join(import.meta.dirname, '../../../docs');
const page = readFileSync(join(docs, 'lessons.md'), 'utf8');
const lessons = lessonsOf(page);

describe(lessonsOf, () => {
  test('reads row, severity and tests', () => {
    const row = '| 1.2 | A | Wrong \\| bad | Right | [a.test.ts](../x/a.test.ts): `does it`<br>[b.test.ts](../b.test.ts): `is $name` |';
    expect(lessonsOf(row)).toEqual([
      {
        row: '1.2',
        severity: 'A',
        tests: [
          { path: '../x/a.test.ts', name: 'does it' },
          { path: '../b.test.ts', name: 'is $name' },
        ],
      },
    ]);
  });
});

describe(namesTest, () => {
  test.each([
    { name: 'a title', source: "test('does it', () => {", title: 'does it', named: true },
    { name: 'a row of a table with an apostrophe', source: `{ name: "it's", x: 1 }`, title: "it's", named: true },
    { name: 'a part of a title only', source: "test('does it well', () => {", title: 'does it', named: false },
  ])('$name', ({ source, title, named }) => {
    expect(namesTest(source, title)).toBe(named);
  });
});

describe('docs/lessons.md', () => {
  test('lists each row once', () => {
    const rows = lessons.map(({ row }) => row);
    const last = { 1: 25, 2: 16, 3: 6, 4: 8, 5: 9, 6: 4, 7: 7, 8: 62 };
    expect(rows).toEqual(
      Object.entries(last).flatMap(([section, count]) => Array.from({ length: count }, (_, at) => `${section}.${String(at + 1)}`)),
    );
    expect(rows).toHaveLength(page.split('\n').filter((line) => /^\| \d/.test(line)).length);
  });

  test.each(lessons)('$row ($severity) is covered by tests that exist', ({ tests }) => {
    expect(tests).not.toEqual([]);
    expect(tests.filter(({ path, name }) => !namesTest(readFileSync(join(docs, path), 'utf8'), name))).toEqual([]);
  });
});
