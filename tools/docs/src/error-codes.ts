import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

// Codes are literals at the place where an error is made: a base error's first argument, or the second where a status is the first.
const THROWN = /\b(?:new \w*Error|super)\(\s*(?:\w+,\s*)?'([A-Z][A-Z_]+)'/g;
const DENIED = /\b(\d{3}),\s*'([A-Z][A-Z_]+)'/g;
const DENIAL_LIST = /\bDENIAL_CODES = \[([^\]]*)\]/;

/** Every code of a BrupopError or of a class made from it that the text of a source makes. */
export function thrownCodes(source: string): string[] {
  return [...source.matchAll(THROWN)].map(([, code = '']) => code);
}

/** The status that goes with each reason to turn a caller away, from the text of a source of @brupop/k8s-auth. */
export function deniedStatuses(source: string): Record<string, number> {
  return Object.fromEntries([...source.matchAll(DENIED)].map(([, status, code = '']) => [code, Number(status)]));
}

/** What a source declares as `DENIAL_CODES`. */
export function declaredDenials(source: string): string[] {
  return [...(DENIAL_LIST.exec(source)?.[1] ?? '').matchAll(/'([^']+)'/g)].map(([, code = '']) => code);
}

/** The codes of a page of tables: a row starts with the code, then its status, if it has one. */
export function documentedCodes(page: string): { readonly code: string; readonly status: number | undefined }[] {
  const rows = page.matchAll(/^\| `([A-Z_]+)` +\| (?:(\d{3}) +\|)?/gm);
  return [...rows].map(([, code = '', status]) => ({ code, status: status === undefined ? undefined : Number(status) }));
}

/** The text of every source below a folder, tests and generated code left out. */
export function readSources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.split('/').includes('generated'))
    .map((path) => readFileSync(join(folder, path), 'utf8'));
}
