import type { LegacyBinaries } from './legacy-binaries.ts';

/** What one quantity came to. */
export interface Row {
  /** Such as `planFleet, 10,000 nodes`. */
  readonly what: string;
  /** Such as `ms`; empty for a count. */
  readonly unit: string;
  /** Samples; none if it could not be measured here, and `what` says why. */
  readonly ours: readonly number[];
  /** The same work done otherwise, in the same run. */
  readonly baseline?: { readonly name: string; readonly values: readonly number[] };
  /** What Brupop 1.x came to: a number when it was recorded, see `recorded-legacy.json`; samples where it was measured in the same run. */
  readonly legacy?: number | readonly number[];
  /** The median is to be at most this. */
  readonly goal?: number;
  /** The median, or with `ofRatio` its ratio to the baseline's, is to be at most this on any machine: a count or a ratio, never a time. */
  readonly gate?: { readonly atMost: number; readonly ofRatio: boolean };
}

/** A benchmark; `page.md` says how it is measured, against what, and why a goal is not met. */
export interface Benchmark {
  run(options: RunOptions): Promise<readonly Row[]>;
}

/** How a benchmark is run. */
export interface RunOptions {
  /** Small and quick: shows that it works, and holds its gates. */
  readonly smoke: boolean;
  /** Brupop 1.x, for a benchmark that can run it. */
  readonly legacy: LegacyBinaries | undefined;
}

/** What a run of one benchmark came to, as it is kept. */
export interface Result {
  /** RFC 3339. */
  readonly date: string;
  readonly machine: string;
  readonly rows: readonly Row[];
}

/** The middle of the samples; the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  return (quantile(values, 0.5, Math.floor) + quantile(values, 0.5, Math.ceil)) / 2;
}

/** The sample below which a share of all samples lies. */
export function quantile(values: readonly number[], share: number, round: (at: number) => number = Math.ceil): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, round(share * (sorted.length - 1)))] ?? NaN;
}

/** Every gate that does not hold, as a sentence. */
export function brokenGates(rows: readonly Row[]): string[] {
  return rows.flatMap(({ what, ours, baseline, gate }) => {
    if (gate === undefined || ours.length === 0) return [];
    const got = gate.ofRatio ? median(ours) / median(baseline?.values ?? []) : median(ours);
    const kind = gate.ofRatio ? `times ${baseline?.name ?? 'a baseline'}` : 'in count';
    return got <= gate.atMost ? [] : [`${what}: expected at most ${String(gate.atMost)} ${kind}, got ${got.toPrecision(3)}`];
  });
}
