import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import type { Benchmark, Result } from './benchmark.ts';
import { brokenGates } from './benchmark.ts';
import { agent } from './agent.ts';
import { apiserver } from './apiserver.ts';
import { controller } from './controller.ts';
import { controlPlane } from './control-plane.ts';
import { images } from './images.ts';
import { load } from './load.ts';
import { CannotMeasure } from '@brupop/e2e';
import { legacy } from './legacy.ts';
import { findLegacy } from './legacy-binaries.ts';
import type { LegacyBinaries } from './legacy-binaries.ts';
import { plan } from './plan.ts';
import { page, table } from './report.ts';
import { reaction } from './reaction.ts';
import { rollout } from './rollout.ts';

/** In the order of the page. */
const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  agent,
  controller,
  plan,
  apiserver,
  reaction,
  load,
  rollout,
  'control-plane': controlPlane,
  legacy,
  images,
};
const FLAG = { type: 'boolean', default: false } as const;
const RESULTS = join(import.meta.dirname, 'results');
const TEXT = join(import.meta.dirname, 'page.md');
const PAGE = join(import.meta.dirname, '../docs/benchmarks.md');

/** Measures, and writes the page; `--smoke` measures briefly and records nothing. @returns the exit code: 0 if no gate is broken */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { smoke: FLAG, page: FLAG }, allowPositionals: true });
  if (values.page) {
    await writePage();
    return 0;
  }
  const unknown = positionals.filter((name) => !(name in BENCHMARKS));
  if (unknown.length > 0) {
    process.stderr.write(`unknown benchmark ${unknown.join(', ')}: expected one of ${Object.keys(BENCHMARKS).join(', ')}\n`);
    return 2;
  }
  let binaries: LegacyBinaries | undefined;
  try {
    binaries = await findLegacy(process.env['LEGACY_BIN']);
  } catch (error) {
    if (!(error instanceof CannotMeasure)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  let broken = 0;
  for (const [name, benchmark] of Object.entries(BENCHMARKS)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const [loadBefore] = loadavg();
    const rows = await benchmark.run({ smoke: values.smoke, legacy: binaries });
    process.stdout.write(`\n${name}\n${await format(table(rows), { parser: 'markdown' })}`);
    for (const problem of brokenGates(rows)) {
      broken += 1;
      process.stdout.write(`FAIL ${problem}\n`);
    }
    if (!values.smoke) await keep(name, { date: new Date().toISOString(), machine: machine(loadBefore), rows });
  }
  if (!values.smoke) await writePage();
  return broken === 0 ? 0 : 1;
}

/** @param loadBefore load average of the minute before */
function machine(loadBefore: number | undefined): string {
  const [first] = cpus();
  const loads = [loadBefore, loadavg()[0]].map((load) => load?.toFixed(1));
  return `${String(cpus().length)} × ${first?.model.trim() ?? 'unknown processor'}, Node.js ${process.version}; load average ${loads.join(' before, ')} after`;
}

async function keep(name: string, result: Result): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  await writeFile(join(RESULTS, `${name}.json`), await format(JSON.stringify(result), { ...(await resolveConfig(PAGE)), parser: 'json' }));
}

async function writePage(): Promise<void> {
  const results = new Map<string, Result>();
  for (const file of await readdir(RESULTS))
    results.set(basename(file, '.json'), JSON.parse(await readFile(join(RESULTS, file), 'utf8')) as Result);
  const text = page(await readFile(TEXT, 'utf8'), results);
  await writeFile(PAGE, await format(text, { ...(await resolveConfig(PAGE)), parser: 'markdown' }));
}

process.exitCode = await main();
