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
// However often it is interrupted, the demo shuts down in an orderly and quick way.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt);
// The reader of the output has gone: `npm run demo | head`.
process.stdout.on('error', interrupt);
// Created after the handlers of the interrupts that remove it.
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
else
  process.stderr.write(`The demo failed. See the logs in ${join(directory, 'logs')}
`);
process.exit(code);
