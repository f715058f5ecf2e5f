import type { LegacyBinaries } from './legacy-binaries.ts';

/** The result for one quantity. */
export interface Row {
  /** Such as `planFleet, 10,000 nodes`. */
  readonly what: string;
  /** Such as `ms`; empty for a count. */
  readonly unit: string;
  /** Samples; none if it could not be measured here, for the reason in `what`. */
  readonly ours: readonly number[];
  /** The same work by other means, in the same run. */
  readonly baseline?: { readonly name: string; readonly values: readonly number[] };
  /** Brupop 1.x: a recorded number, see `recorded-legacy.json`, or samples from the same run. */
  readonly legacy?: number | readonly number[];
  /** Upper limit of the median, as a goal. */
  readonly goal?: number;
  /** Limit of the median or, with `ofRatio`, of its ratio to the baseline's, on any machine: for counts and ratios, never for times. */
  readonly gate?: { readonly atMost: number; readonly ofRatio: boolean };
}

/** A benchmark; `page.md` says how it is measured, against what, and why a goal is not met. */
export interface Benchmark {
  run(options: RunOptions): Promise<readonly Row[]>;
}

/** Options of a run. */
export interface RunOptions {
  /** Short: shows that the benchmark works, and checks its gates. */
  readonly smoke: boolean;
  /** The binaries of Brupop 1.x, for a benchmark that can run them. */
  readonly legacy: LegacyBinaries | undefined;
}

/** The recorded result of one benchmark. */
export interface Result {
  /** RFC 3339. */
  readonly date: string;
  readonly machine: string;
  readonly rows: readonly Row[];
}

/** The median; of an even number of samples, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  return (quantile(values, 0.5, Math.floor) + quantile(values, 0.5, Math.ceil)) / 2;
}

/** The sample below which a share of all samples lies. */
export function quantile(values: readonly number[], share: number, round: (at: number) => number = Math.ceil): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, round(share * (sorted.length - 1)))] ?? NaN;
}

/** Every broken gate, as a sentence. */
export function brokenGates(rows: readonly Row[]): string[] {
  return rows.flatMap(({ what, ours, baseline, gate }) => {
    if (gate === undefined || ours.length === 0) return [];
    const got = gate.ofRatio ? median(ours) / median(baseline?.values ?? []) : median(ours);
    const kind = gate.ofRatio ? `times ${baseline?.name ?? 'a baseline'}` : 'in count';
    return got <= gate.atMost ? [] : [`${what}: expected at most ${String(gate.atMost)} ${kind}, got ${got.toPrecision(3)}`];
  });
}
