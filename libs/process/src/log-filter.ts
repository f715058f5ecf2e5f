import type { Parsed } from './config.ts';
import type { LogThreshold } from './logger.ts';

/** One directive of a filter: the level of the targets whose names have this prefix. */
export interface LogDirective {
  /** Undefined for every target. */
  readonly target: string | undefined;
  readonly level: LogThreshold;
}

/** The value of `TRACING_FILTER_DIRECTIVE`. */
export type LogFilter = readonly LogDirective[];

// The levels of `EnvFilter` in Rust's tracing-subscriber. We have no level trace; it is the same as debug.
const LEVELS: Readonly<Record<string, LogThreshold>> = {
  off: 'off',
  error: 'error',
  warn: 'warn',
  info: 'info',
  debug: 'debug',
  trace: 'debug',
  '0': 'off',
  '1': 'error',
  '2': 'warn',
  '3': 'info',
  '4': 'debug',
  '5': 'debug',
};
const LEVEL = '([oO][fF][fF]|[eE][rR][rR][oO][rR]|[wW][aA][rR][nN]|[iI][nN][fF][oO]|[dD][eE][bB][uU][gG]|[tT][rR][aA][cC][eE]|[0-5])';
const DIRECTIVE = `\\s*([\\w:-]*(\\[[^\\]]*\\])?(=${LEVEL}?)?)\\s*`;
/** The input of {@link logFilter}, as far as a pattern can describe it. */
export const LOG_FILTER_PATTERN: string = `${DIRECTIVE}(,${DIRECTIVE})*`;
const TARGETED = /^([\w:-]+)?(\[[^\]]*\])?(?:=(\w*))?$/;
const EXPECTED =
  'levels (off, error, warn, info, debug, trace) and directives such as "info,controller=debug,hyper=warn", separated by commas';

/**
 * Parses a filter directive as `EnvFilter` of tracing-subscriber does: a level for everything, levels for targets, or both. A target
 * without a level logs everything. Unknown targets, such as `hyper`, and directives with a span in brackets are accepted without effect.
 */
export function logFilter(given: string): Parsed<LogFilter> {
  const directives: LogDirective[] = [];
  // A comma within the brackets of a span does not separate directives.
  for (const part of given.split(/,(?![^[]*\])/).map((text) => text.trim())) {
    if (part === '') continue;
    const bare = levelOf(part);
    if (bare !== undefined) {
      directives.push({ target: undefined, level: bare });
      continue;
    }
    const [matched, target, span, level] = TARGETED.exec(part) ?? [];
    const parsed = level === undefined || level === '' ? 'debug' : levelOf(level);
    if (matched === undefined || parsed === undefined || (target ?? span) === undefined)
      return { ok: false, expected: `${EXPECTED}; "${part}" is not a valid directive` };
    // There are no tracing spans here.
    if (span === undefined && target !== undefined) directives.push({ target, level: parsed });
    else directives.push({ target: NOTHING, level: parsed });
  }
  return directives.length === 0 ? { ok: false, expected: EXPECTED } : { ok: true, value: directives };
}

/** No name has this prefix. */
const NOTHING = '[';

function levelOf(text: string): LogThreshold | undefined {
  const name = text.toLowerCase();
  return Object.hasOwn(LEVELS, name) ? LEVELS[name] : undefined;
}

/**
 * The level of a process: that of the matching directive with the longest target, and of equal ones the last. As with `EnvFilter`, nothing
 * is logged if no directive matches.
 * @param component such as `agent`; the target `brupop::agent` matches too
 */
export function thresholdFor(filter: LogFilter, component: string): LogThreshold {
  const names = [component, `brupop::${component}`];
  let best: LogDirective | undefined;
  for (const directive of filter) {
    const { target } = directive;
    if (target !== undefined && !names.some((name) => name.startsWith(target))) continue;
    if (best === undefined || (target?.length ?? -1) >= (best.target?.length ?? -1)) best = directive;
  }
  return best?.level ?? 'off';
}
