import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

// Codes are literals where an error is created: the first argument of a base error, or the second one after a status.
const THROWN = /\b(?:new \w*Error|super)\(\s*(?:\w+,\s*)?'([A-Z][A-Z_]+)'/g;
const DENIED = /\b(\d{3}),\s*'([A-Z][A-Z_]+)'/g;
const DENIAL_LIST = /\bDENIAL_CODES = \[([^\]]*)\]/;

/** Every code of a BrupopError, or of a subclass, in the text of a source. */
export function thrownCodes(source: string): string[] {
  return [...source.matchAll(THROWN)].map(([, code = '']) => code);
}

/** The status for each reason to deny a caller, from the text of a source of @brupop/k8s-auth. */
export function deniedStatuses(source: string): Record<string, number> {
  return Object.fromEntries([...source.matchAll(DENIED)].map(([, status, code = '']) => [code, Number(status)]));
}

/** The literals that a source declares as `DENIAL_CODES`. */
export function declaredDenials(source: string): string[] {
  return [...(DENIAL_LIST.exec(source)?.[1] ?? '').matchAll(/'([^']+)'/g)].map(([, code = '']) => code);
}

/** The codes in the tables of a page: a row starts with the code, then its status, if any. */
export function documentedCodes(page: string): { readonly code: string; readonly status: number | undefined }[] {
  const rows = page.matchAll(/^\| `([A-Z_]+)` +\| (?:(\d{3}) +\|)?/gm);
  return [...rows].map(([, code = '', status]) => ({ code, status: status === undefined ? undefined : Number(status) }));
}

/** The text of every source below a folder, except tests and generated code. */
export function readSources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.split('/').includes('generated'))
    .map((path) => readFileSync(join(folder, path), 'utf8'));
}
