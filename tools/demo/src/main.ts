import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { FAULTS } from '@brupop/simulator';
import { helpText, parseOptions } from './options.ts';
import { runDemo } from './run-demo.ts';

const parsed = parseOptions(
  process.argv.slice(2),
  FAULTS.map(({ name }) => name),
);
if (parsed.kind === 'help') {
  process.stdout.write(helpText(FAULTS));
  process.exit(0);
}
if (parsed.kind === 'wrong') {
  process.stderr.write(`${parsed.problems.join('\n')}\n`);
  process.exit(2);
}

const apps = resolve(import.meta.dirname, '../../../apps');
const bundle = (app: string): string => join(apps, app, 'dist/main.mjs');
const stop = new AbortController();
const interrupt = (): void => {
  stop.abort();
};
// However often: what is under way is ended in good order, and quickly.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt);
// Nobody reads on: `npm run demo | head`.
process.stdout.on('error', interrupt);
// Not before somebody listens for the interrupt that is to remove it.
const directory = await mkdtemp(join(tmpdir(), 'brupop-'));

const code = await runDemo({
  options: parsed.options,
  bundles: { agent: bundle('agent'), apiserver: bundle('apiserver'), controller: bundle('controller') },
  directory,
  signal: stop.signal,
  writeKubeconfig: async (text) => {
    const path = join(directory, 'kubeconfig');
    await writeFile(path, text, { mode: 0o600 });
    return path;
  },
});
if (code === 0 || stop.signal.aborted) await rm(directory, { recursive: true, force: true });
else process.stderr.write(`The logs are in ${join(directory, 'logs')}\n`);
process.exit(code);
