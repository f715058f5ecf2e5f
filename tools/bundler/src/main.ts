import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { builtinModules } from './builtin-modules.ts';
import { bundleProblems, limitsOf } from './limits.ts';
import { collectLicences } from './licences.ts';
import { slimExpress } from './slim-express.ts';
import { slimKubernetesClient } from './slim-kubernetes-client.ts';

const root = resolve(import.meta.dirname, '../../..');
const app = process.argv[2];
if (app === undefined) {
  process.stderr.write('usage: bundler APP\n');
  process.exit(2);
}
const outdir = join(root, 'apps', app, 'dist');
await mkdir(outdir, { recursive: true });

const { version } = JSON.parse(await readFile(join(root, 'apps', app, 'package.json'), 'utf8')) as { version: string };

const result = await build({
  absWorkingDir: root,
  entryPoints: [join('apps', app, 'src/main.ts')],
  outfile: join(outdir, 'main.mjs'),
  bundle: true,
  minify: true,
  keepNames: false,
  treeShaking: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  conditions: ['@brupop/source'],
  metafile: true,
  legalComments: 'none',
  // Without it winston brings along 26 KB that trace winston itself.
  define: { 'process.env.BRUPOP_VERSION': JSON.stringify(version), 'process.env.NODE_ENV': '"production"' },
  plugins: [slimKubernetesClient, slimExpress, builtinModules],
  logLevel: 'warning',
});

const output = Object.values(result.metafile.outputs)[0];
const bytes = output?.bytes ?? 0;
const problems = bundleProblems(result.metafile, bytes, limitsOf(app));
await writeFile(join(outdir, 'meta.json'), JSON.stringify(result.metafile));
await writeFile(join(outdir, 'THIRD-PARTY-LICENSES.txt'), await collectLicences(root, Object.keys(output?.inputs ?? {})));
process.stdout.write(`${app}: ${(bytes / 1024).toFixed(0)} KB, ${String(Object.keys(output?.inputs ?? {}).length)} modules\n`);
for (const problem of problems) process.stderr.write(`${app}: ${problem}\n`);
if (problems.length > 0) process.exit(1);
