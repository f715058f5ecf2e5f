import { parseArgs } from 'node:util';

/** Options of the command line. */
export interface DemoOptions {
  /** Simulated Bottlerocket hosts, 1 to 500. */
  readonly nodes: number;
  /** A value of the variable MAX_CONCURRENT_UPDATE. */
  readonly maxConcurrent: string;
  /** `START-STOP`, each `hour:minute:second` in UTC; undefined means always open. */
  readonly window: { readonly start: string; readonly stop: string } | undefined;
  readonly faults: readonly string[];
  readonly keep: boolean;
  readonly seed: number;
}

/** Result of parsing a command line. */
export type ParsedOptions =
  | { readonly kind: 'run'; readonly options: DemoOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

const KNOWN = {
  nodes: { type: 'string' },
  'max-concurrent': { type: 'string' },
  window: { type: 'string' },
  fault: { type: 'string', multiple: true },
  keep: { type: 'boolean' },
  seed: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const MOST_NODES = 500;
const TIME = String.raw`(?:[01]?\d|2[0-3]):[0-5]?\d:[0-5]?\d`;

/** Parses a command line, and reports all of its problems at once. */
export function parseOptions(argv: readonly string[], faultNames: readonly string[]): ParsedOptions {
  const problems: string[] = [];
  const { values, tokens } = parseArgs({ args: [...argv], options: KNOWN, strict: false, tokens: true, allowPositionals: true });
  if (values.help === true) return { kind: 'help' };

  const names = Object.keys(KNOWN).map((name) => `--${name}`);
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`unexpected argument "${token.value}"`);
    if (token.kind !== 'option') continue;
    const known = (KNOWN as Readonly<Record<string, { readonly type: 'string' | 'boolean' } | undefined>>)[token.name];
    if (known === undefined) problems.push(`unknown option "${token.rawName}": expected one of ${names.join(', ')}`);
    else if (known.type === 'string' && token.value === undefined) problems.push(`${token.rawName}: expected a value`);
  }

  const integer = (name: 'nodes' | 'seed', fallback: number, min: number, max: number): number => {
    const text = values[name];
    if (typeof text !== 'string') return fallback;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    problems.push(`--${name}: expected an integer from ${String(min)} to ${String(max)}, got "${text}"`);
    return fallback;
  };
  const nodes = integer('nodes', 6, 1, MOST_NODES);
  const seed = integer('seed', 1, 0, 2 ** 32 - 1);

  const maxConcurrent = typeof values['max-concurrent'] === 'string' ? values['max-concurrent'] : '1';
  if (!/^[1-9]\d*$|^unlimited$/.test(maxConcurrent)) {
    problems.push(`--max-concurrent: expected a positive integer or "unlimited", got "${maxConcurrent}"`);
  }

  let window: DemoOptions['window'];
  if (typeof values.window === 'string') {
    const [, start, stop] = new RegExp(`^(${TIME})-(${TIME})$`).exec(values.window) ?? [];
    // The controller would reject an empty window, and the demo would wait without a visible reason.
    if (start !== undefined && stop !== undefined && secondsOf(start) !== secondsOf(stop)) window = { start, stop };
    else problems.push(`--window: expected START-STOP, two different times such as 22:0:0-4:0:0 (UTC), got "${values.window}"`);
  }

  const faults = (values.fault ?? []).filter((fault) => typeof fault === 'string');
  for (const fault of faults) {
    if (!faultNames.includes(fault)) problems.push(`--fault: unknown fault "${fault}": expected one of ${faultNames.join(', ')}`);
  }
  if (problems.length > 0) return { kind: 'wrong', problems };
  return { kind: 'run', options: { nodes, maxConcurrent, window, faults, keep: values.keep === true, seed } };
}

function secondsOf(time: string): number {
  return time.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0);
}

/** The text of `--help`. */
export function helpText(faults: readonly { readonly name: string; readonly help: string }[]): string {
  const width = Math.max(...faults.map(({ name }) => name.length));
  return `Simulates a rolling OS update of Bottlerocket hosts, with the real controller, apiserver and agents.

Usage: npm run demo -- [options]

  --nodes N             number of nodes, 1 to ${String(MOST_NODES)} (default 6)
  --max-concurrent N    nodes that are updated at once: a positive integer or "unlimited" (default 1)
  --window START-STOP   time of day in which updates may start, in UTC, such as 22:0:0-4:0:0 (default: any time)
  --fault NAME          injects a fault; may be given several times
  --keep                keeps the cluster running at the end, and prints how to connect kubectl
  --seed N              seed of the random choice of fault targets (default 1)
  --help                prints this help

Faults:
${faults.map(({ name, help }) => `  ${name.padEnd(width)}  ${help}`).join('\n')}
`;
}
