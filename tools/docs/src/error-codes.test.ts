import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ERROR_STATUS } from '@brupop/apiserver';
import { declaredDenials, deniedStatuses, documentedCodes, readSources, thrownCodes } from './error-codes.ts';

describe(thrownCodes, () => {
  test.each<{ name: string; source: string; codes: string[] }>([
    { name: 'a base error', source: "throw new BrupopError('HTTP_RESET', 'x')", codes: ['HTTP_RESET'] },
    { name: 'one that takes several lines', source: "new BrupopError(\n  'LISTEN',\n  'x')", codes: ['LISTEN'] },
    { name: 'a class of its own', source: "super('KUBE_API', message)", codes: ['KUBE_API'] },
    { name: 'a code after a status', source: "new ApiserverError(status, 'APISERVER_STATUS', 'x')", codes: ['APISERVER_STATUS'] },
    { name: 'no message of another error', source: "new Error('Not a code')", codes: [] },
    { name: 'no code that is defined elsewhere', source: 'super(code, message)', codes: [] },
  ])('$name', ({ source, codes }) => {
    expect(thrownCodes(source)).toEqual(codes);
  });
});

describe(deniedStatuses, () => {
  test('finds calls and rules', () => {
    const source = "deny(401, 'TOKEN_MISSING', 'x'); const rule = [\n  403,\n  'POD_UNKNOWN', 'x']";
    expect(deniedStatuses(source)).toEqual({ TOKEN_MISSING: 401, POD_UNKNOWN: 403 });
  });
});

describe(documentedCodes, () => {
  test('reads rows with and without a status', () => {
    const page = '| Code | Status |\n| --- | --- |\n| `A_B` | 404 | Gone. |\n| `C`  | 12 pods. |\n\nSee `D`.\n';
    expect(documentedCodes(page)).toEqual([
      { code: 'A_B', status: 404 },
      { code: 'C', status: undefined },
    ]);
  });
});

const root = join(import.meta.dirname, '../../..');
const projects = ['libs', 'apps'].flatMap((kind) => readdirSync(join(root, kind)).map((project) => join(root, kind, project, 'src')));
const auth = readSources(join(root, 'libs/k8s-auth/src')).join('\n');
const statuses: Readonly<Record<string, number>> = { ...deniedStatuses(auth), ...ERROR_STATUS };

describe('docs/errors.md', () => {
  const documented = documentedCodes(readFileSync(join(root, 'docs/errors.md'), 'utf8'));

  test('lists each code once, and no other', () => {
    const thrown = projects.flatMap(readSources).flatMap(thrownCodes);
    const codes = new Set([...thrown, ...declaredDenials(auth), ...Object.keys(ERROR_STATUS)]);
    expect(documented.map(({ code }) => code).sort()).toEqual([...codes].sort());
  });

  test('lists the status of each code that has one', () => {
    expect(documented).toEqual(documented.map(({ code }) => ({ code, status: statuses[code] })));
  });

  test('a code that two sources share has the same status in both', () => {
    expect(deniedStatuses(auth)).toMatchObject(
      Object.fromEntries(Object.entries(ERROR_STATUS).filter(([code]) => code in deniedStatuses(auth))),
    );
  });
});
