import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../../..');
const PAGES = globSync(['*.md', 'docs/**/*.md', 'deploy/**/*.md', '{libs,apps,tools}/*/*.md'], {
  cwd: ROOT,
  exclude: ['docs/api/**'],
});

const withoutCode = (markdown: string): string => markdown.replace(/^ *```.*?^ *```$/gms, '').replace(/`[^`\n]*`/g, 'code');
const read = (path: string): string => readFileSync(path, 'utf8');

/** Anchors of a page, as GitHub derives them from its headings. */
function anchorsOf(path: string): string[] {
  const headings = [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => text);
  return headings.map((text) =>
    text
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

function brokenLinks(page: string): string[] {
  const links = [...withoutCode(read(join(ROOT, page))).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path);
    return !existsSync(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
  });
}

describe('links within the documentation', () => {
  test.each(PAGES)('%s', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });
});

describe('docs/adr', () => {
  test('the index names each record with its title and its date', () => {
    const rows = [...read(join(ROOT, 'docs/adr/README.md')).matchAll(/^\| \[(\d+)\]\((\S+)\) +\| (.*?) +\| (\S+) +\|/gm)];
    const records = PAGES.filter((page) => /^docs\/adr\/\d/.test(page)).map((page) => {
      const [, number, title] = /^# (\d+)\. (.*)$/m.exec(read(join(ROOT, page))) ?? [];
      const [, date] = /^\*\*Status\*\*: .* · \*\*Date\*\*: (\d{4}-\d\d-\d\d)$/m.exec(read(join(ROOT, page))) ?? [];
      return [number, relative('docs/adr', page), title, date];
    });
    expect(rows.map(([, ...cells]) => cells)).toEqual(records.toSorted(([, a = ''], [, b = '']) => a.localeCompare(b)));
  });
});
