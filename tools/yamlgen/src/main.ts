import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { documents } from './documents.ts';
import { parseSettings } from './settings.ts';

const root = join(import.meta.dirname, '../../..');
const isCheck = process.argv.includes('--check');
const settings = parseSettings(parseEnv(readFileSync(join(root, '.env'), 'utf8')));

if (settings.ok) {
  for (const [path, text] of documents(settings.options)) {
    const file = join(root, path);
    if (!isCheck) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    } else if (!isSame(file, text)) {
      process.stderr.write(`${path} is stale: run "npm run generate".\n`);
      process.exitCode = 1;
    }
  }
} else {
  process.stderr.write(settings.problems.map((problem) => `.env: ${problem}\n`).join(''));
  process.exitCode = 2;
}

function isSame(file: string, text: string): boolean {
  try {
    return readFileSync(file, 'utf8') === text;
  } catch {
    return false;
  }
}
