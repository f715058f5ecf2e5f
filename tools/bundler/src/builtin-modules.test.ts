import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { builtinModules } from './builtin-modules.ts';

/** The value of an expression in a bundle with these imports. */
async function evaluated(imports: string, values: string): Promise<unknown> {
  const stdin = { contents: `${imports}; process.stdout.write(JSON.stringify([${values}]))`, resolveDir: import.meta.dirname };
  const bundled = await build({ stdin, bundle: true, platform: 'node', format: 'esm', write: false, plugins: [builtinModules] });
  const [{ text } = { text: '' }] = bundled.outputFiles;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '--eval', text], { encoding: 'utf8' }));
}

describe('Node modules in a bundle', () => {
  test('can be imported in any form', async () => {
    const imports = `import http, { Agent } from 'node:http'; import * as https from 'https'; import { readFile } from 'node:fs/promises'`;
    const values = `http.Agent === Agent, typeof https.get, typeof readFile, require('path').posix.sep`;
    expect(await evaluated(imports, values)).toEqual([true, 'function', 'function', '/']);
  });

  test('are loaded without their lazy parts', async () => {
    const imports = `import { get } from 'node:http'; import { connect } from 'node:tls'`;
    const values = `typeof get, typeof connect, process.moduleLoadList.filter((name) => /undici|http2/.test(name))`;
    expect(await evaluated(imports, values)).toEqual(['function', 'function', []]);
  });
});
