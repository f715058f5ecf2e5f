import { describe, expect, test } from '@jest/globals';
import { bundleProblems, limitsOf } from './limits.ts';
import { packageFolderOf } from './licences.ts';

const metafile = (path: string, bytesInOutput = 10): Parameters<typeof bundleProblems>[0] => ({
  inputs: {},
  outputs: { 'main.mjs': { bytes: 1, inputs: { [path]: { bytesInOutput } }, imports: [], exports: [] } },
});

describe('bundleProblems', () => {
  test.each([
    { name: 'finds nothing in a small bundle of our own code', path: 'apps/agent/src/main.ts', bytes: 1000, found: [] },
    { name: 'names express in the agent', path: 'node_modules/express/index.js', bytes: 1000, found: ['node_modules/express/index.js'] },
    { name: 'names the schema compiler', path: 'node_modules/ajv/dist/compile/index.js', bytes: 1000, found: ['ajv/dist/compile'] },
    { name: 'names a bundle that is too large', path: 'apps/agent/src/main.ts', bytes: 256_001, found: ['256001'] },
  ])('$name', ({ path, bytes, found }) => {
    const problems = bundleProblems(metafile(path), bytes, limitsOf('agent'));
    expect(problems).toHaveLength(found.length);
    for (const [at, part] of found.entries()) expect(problems[at]).toContain(part);
  });

  test('does not count a module of which nothing was kept', () => {
    expect(bundleProblems(metafile('node_modules/express/index.js', 0), 1, limitsOf('agent'))).toEqual([]);
  });

  test('names imports at run time, where only the bundle exists', () => {
    const { inputs, outputs } = metafile('apps/agent/src/main.ts');
    const imports = [{ path: 'node:http', kind: 'import-statement', external: true }] as const;
    const importing = {
      inputs,
      outputs: { 'main.mjs': { bytes: 1, inputs: {}, exports: [], ...outputs['main.mjs'], imports: [...imports] } },
    };
    expect(bundleProblems(importing, 1, limitsOf('agent'))).toEqual(['bundle imports node:http at run time']);
  });

  test('names the apps for an unknown one', () => {
    expect(() => limitsOf('agnet')).toThrow('agent, controller, apiserver');
  });
});

describe('packageFolderOf', () => {
  test.each([
    { name: 'plain', module: 'node_modules/winston/lib/winston.js', folder: 'node_modules/winston' },
    { name: 'scoped', module: 'node_modules/@colors/colors/lib/a.js', folder: 'node_modules/@colors/colors' },
    { name: 'nested', module: 'node_modules/a/node_modules/b/c.js', folder: 'node_modules/a/node_modules/b' },
    { name: 'ours', module: 'libs/drain/src/index.ts', folder: undefined },
  ])('$name', ({ module, folder }) => {
    expect(packageFolderOf(module)).toBe(folder);
  });
});
