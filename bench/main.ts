import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
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
import { original } from './original.ts';
import { findOriginal } from './original-binaries.ts';
import type { OriginalBinaries } from './original-binaries.ts';
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
  original,
  images,
};
const RESULTS = join(import.meta.dirname, 'results');
const PAGE = join(import.meta.dirname, '../docs/benchmarks.md');

/** @returns the exit code: 0 when every gate holds */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { smoke: { type: 'boolean', default: false } }, allowPositionals: true });
  const unknown = positionals.filter((name) => !(name in BENCHMARKS));
  if (unknown.length > 0) {
    process.stderr.write(`no benchmark ${unknown.join(', ')}; there are ${Object.keys(BENCHMARKS).join(', ')}\n`);
    return 2;
  }
  let binaries: OriginalBinaries | undefined;
  try {
    binaries = await findOriginal(process.env['ORIGINAL_BIN']);
  } catch (error) {
    if (!(error instanceof CannotMeasure)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  let broken = 0;
  for (const [name, benchmark] of Object.entries(BENCHMARKS)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const [loadBefore] = loadavg();
    const rows = await benchmark.run({ smoke: values.smoke, original: binaries });
    process.stdout.write(`\n${benchmark.title}\n${await format(table(rows), { parser: 'markdown' })}`);
    for (const problem of brokenGates(rows)) {
      broken += 1;
      process.stdout.write(`FAIL ${problem}\n`);
    }
    if (!values.smoke) await keep(name, { date: new Date().toISOString(), machine: machine(loadBefore), rows });
  }
  if (!values.smoke) await writePage();
  return broken === 0 ? 0 : 1;
}

/** @param loadBefore of the machine, in the minute before */
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
  const kept = await readdir(RESULTS);
  const known = Object.entries(BENCHMARKS).filter(([name]) => kept.includes(`${name}.json`));
  const read = async (name: string): Promise<Result> => JSON.parse(await readFile(join(RESULTS, `${name}.json`), 'utf8')) as Result;
  const results = await Promise.all(known.map(async ([name, benchmark]) => [benchmark, await read(name)] as const));
  await writeFile(PAGE, await format(page(results), { ...(await resolveConfig(PAGE)), parser: 'markdown' }));
}

process.exitCode = await main();
