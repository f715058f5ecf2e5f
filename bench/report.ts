import type { Result, Row } from './benchmark.ts';
import { median } from './benchmark.ts';

const HEAD = ['', 'ours: median (spread)', 'baseline: median (spread)', 'ratio', 'Brupop 1.x', 'goal', ''];

/** The page of all results: the text with each marker `<!-- results: NAME -->` replaced by the results of that benchmark. */
export function page(text: string, results: ReadonlyMap<string, Result>): string {
  return `<!-- Generated from bench/page.md and bench/results/ by \`npm run bench -- --page\`. Do not edit. -->\n\n${text}`.replace(
    /<!-- results: (\S+) -->/g,
    (_marker, name: string) => {
      const result = results.get(name);
      return result === undefined ? 'Not measured yet.' : `${result.date.slice(0, 10)}, ${result.machine}\n\n${table(result.rows)}`;
    },
  );
}

/** Rows as a Markdown table. */
export function table(rows: readonly Row[]): string {
  return [HEAD, HEAD.map(() => '---'), ...rows.map(cells)].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function cells({ what, unit, ours, baseline, legacy, goal }: Row): string[] {
  const other = baseline?.values ?? (typeof legacy === 'number' ? undefined : legacy);
  const ratio = other === undefined || ours.length === 0 || median(other) === 0 ? '' : figure(median(ours) / median(other));
  return [
    what,
    samples(ours, unit),
    baseline === undefined ? '' : `${baseline.name}: ${samples(baseline.values, unit)}`,
    ratio,
    legacy === undefined
      ? ''
      : typeof legacy === 'number'
        ? `${figure(legacy)} ${unit} (recorded)`
        : `${samples(legacy, unit).trim()}, measured`,
    goal === undefined ? '' : `≤ ${figure(goal)} ${unit}`,
    goal === undefined || ours.length === 0 ? '' : median(ours) <= goal ? 'met' : '**not met**',
  ].map((cell) => cell.replace(/ +(?=\)|$)/g, '').trim());
}

function samples(values: readonly number[], unit: string): string {
  if (values.length === 0) return 'not measured';
  const spread = values.length > 1 ? ` (${figure(Math.min(...values))}–${figure(Math.max(...values))})` : '';
  return `${figure(median(values))} ${unit}${spread}`;
}

/** Three significant digits, without an exponent. */
function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 6 });
}
