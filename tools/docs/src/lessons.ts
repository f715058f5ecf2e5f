/** A row of docs/lessons.md. */
export interface Lesson {
  /** Such as `2.6`. */
  readonly row: string;
  readonly severity: string;
  /** The tests that cover it. Paths are relative to the page. */
  readonly tests: readonly { readonly path: string; readonly name: string }[];
}

/** The rows of the page's tables. */
export function lessonsOf(page: string): readonly Lesson[] {
  const rows = page.matchAll(/^\| (\d+\.\d+) +\| ([A-Z]) +\| .* \| ([^|]*) \|$/gm);
  return [...rows].map(([, row = '', severity = '', cell = '']) => ({
    row,
    severity,
    tests: [...cell.matchAll(/\[[^\]]+\]\(([^)]+)\): `([^`]+)`/g)].map(([, path = '', name = '']) => ({ path, name })),
  }));
}

/** Whether the text of a test file contains this name of a test or table row. */
export function namesTest(source: string, name: string): boolean {
  const quoted = [`'${name.replaceAll("'", "\\'")}'`, `"${name}"`, `\`${name}\``];
  return quoted.some((text) => source.includes(text));
}
