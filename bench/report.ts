import type { Benchmark, Result, Row } from './benchmark.ts';
import { median } from './benchmark.ts';

const HEAD = ['', 'ours: median (spread)', 'baseline: median (spread)', 'ratio', 'the original', 'goal', ''];

/** The page of all results. What is said of a benchmark is said today, whenever it was run. */
export function page(results: readonly (readonly [Benchmark, Result])[]): string {
  return [
    '# Benchmarks',
    '`npm run bench` measures everything, `npm run bench -- NAME` one; each beside a baseline in the same run. What the original came to was recorded on another' +
      ' day on a machine of the same kind (`bench/recorded-original.json`); or, where it says so, measured in the same run and harness, for which' +
      ' `ORIGINAL_BIN` names a folder with its `agent`, `apiserver` and `controller`, on Linux and as root. The ratio is to the baseline, or else to the original as measured. The spread is from the least to the most. Times are those of a machine that does other work' +
      ' too: what the load average before and after says of it; compare them with the baseline beside them.',
    ...results.map(section),
    '',
  ].join('\n\n');
}

function section([{ title, method, limits }, { date, machine, rows }]: readonly [Benchmark, Result]): string {
  const notes = limits === undefined ? [] : [limits];
  return [`## ${title}`, method, `${date.slice(0, 10)}, ${machine}`, table(rows), ...notes].join('\n\n');
}

/** Rows as a Markdown table. */
export function table(rows: readonly Row[]): string {
  return [HEAD, HEAD.map(() => '---'), ...rows.map(cells)].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function cells({ what, unit, ours, baseline, original, goal }: Row): string[] {
  const other = baseline?.values ?? (typeof original === 'number' ? undefined : original);
  const ratio = other === undefined || ours.length === 0 || median(other) === 0 ? '' : figure(median(ours) / median(other));
  return [
    what,
    samples(ours, unit),
    baseline === undefined ? '' : `${baseline.name}: ${samples(baseline.values, unit)}`,
    ratio,
    original === undefined
      ? ''
      : typeof original === 'number'
        ? `${figure(original)} ${unit} (recorded)`
        : `${samples(original, unit).trim()}, measured`,
    goal === undefined ? '' : `≤ ${figure(goal)} ${unit}`,
    goal === undefined || ours.length === 0 ? '' : median(ours) <= goal ? 'met' : '**not met**',
  ].map((cell) => cell.replace(/ +(?=\)|$)/g, '').trim());
}

function samples(values: readonly number[], unit: string): string {
  if (values.length === 0) return 'not measured';
  const spread = values.length > 1 ? ` (${figure(Math.min(...values))}–${figure(Math.max(...values))})` : '';
  return `${figure(median(values))} ${unit}${spread}`;
}

/** Three significant digits, and no exponent. */
function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 6 });
}
