import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs, parseEnv } from 'node:util';
import { documents, GENERATED_FOLDERS } from './documents.ts';
import { parseSettings } from './settings.ts';

const root = join(import.meta.dirname, '../../..');
const { values: args } = parseArgs({
  options: { check: { type: 'boolean', default: false }, env: { type: 'string' }, output: { type: 'string' } },
});
const envFile = args.env === undefined ? join(root, '.env') : resolve(args.env);
const output = args.output === undefined ? root : resolve(args.output);
const settings = parseSettings(parseEnv(readFileSync(envFile, 'utf8')));

if (!settings.ok) {
  process.stderr.write(
    settings.problems.map((problem) => `${relative(args.env === undefined ? root : process.cwd(), envFile)}: ${problem}\n`).join(''),
  );
  process.exitCode = 2;
} else if (args.check) {
  const files = documents(settings.options);
  const changed = [...files].filter(([path, text]) => read(path) !== text).map(([path]) => path);
  const stale = [...changed, ...generatedFiles().filter((path) => !files.has(path))];
  process.stderr.write(stale.map((path) => `${path} is stale: run "npm run generate".\n`).join(''));
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  const files = documents(settings.options);
  for (const folder of GENERATED_FOLDERS) rmSync(join(output, folder), { recursive: true, force: true });
  for (const [path, text] of files) {
    mkdirSync(dirname(join(output, path)), { recursive: true });
    writeFileSync(join(output, path), text);
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(join(output, path), 'utf8');
  } catch {
    return undefined;
  }
}

function generatedFiles(): string[] {
  return GENERATED_FOLDERS.flatMap((folder) => {
    try {
      const entries = readdirSync(join(output, folder), { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => relative(output, join(entry.parentPath, entry.name)));
    } catch {
      return [];
    }
  });
}
