import type { Parsed } from './config.ts';
import type { LogThreshold } from './logger.ts';

/** One part of a filter: how much is logged of the targets whose names begin so. */
export interface LogDirective {
  /** `undefined`: of all. */
  readonly target: string | undefined;
  readonly level: LogThreshold;
}

/** What `TRACING_FILTER_DIRECTIVE` says. */
export type LogFilter = readonly LogDirective[];

// As `EnvFilter` of Rust's tracing-subscriber has them; there is no trace here, so it is as much as debug.
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
/** What {@link logFilter} takes, as far as a pattern can say it. */
export const LOG_FILTER_PATTERN: string = `${DIRECTIVE}(,${DIRECTIVE})*`;
const TARGETED = /^([\w:-]+)?(\[[^\]]*\])?(?:=(\w*))?$/;
const EXPECTED =
  'levels (off, error, warn, info, debug, trace) and directives such as "info,controller=debug,hyper=warn", separated by commas';

/**
 * Reads a filter directive as tracing-subscriber's `EnvFilter` does: a level for everything, levels for targets, or both. A target without a level
 * logs everything. Targets that there are not, such as `hyper`, are taken and have no effect; so have those with a span in brackets.
 */
export function logFilter(given: string): Parsed<LogFilter> {
  const directives: LogDirective[] = [];
  // A comma within the brackets of a span separates no directives.
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
    // Nothing here is within a span of tracing.
    if (span === undefined && target !== undefined) directives.push({ target, level: parsed });
    else directives.push({ target: NOTHING, level: parsed });
  }
  return directives.length === 0 ? { ok: false, expected: EXPECTED } : { ok: true, value: directives };
}

/** No name begins like this. */
const NOTHING = '[';

function levelOf(text: string): LogThreshold | undefined {
  const name = text.toLowerCase();
  return Object.hasOwn(LEVELS, name) ? LEVELS[name] : undefined;
}

/**
 * How much a process logs. Of the directives that fit the one with the longest target counts, and of equals the last. As with `EnvFilter`, nothing is
 * logged if none fits.
 * @param component such as `agent`; it goes by the name of `brupop::agent`, too
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
