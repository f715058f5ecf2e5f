import { withRule } from './config.ts';
import type { ConfigSpec } from './config.ts';
import { LOG_FORMATS } from './log-format.ts';
import type { LogFormat } from './log-format.ts';
import { LOG_FILTER_PATTERN, logFilter, thresholdFor } from './log-filter.ts';
import type { LogFilter } from './log-filter.ts';
import { createLogger } from './logger.ts';
import type { Logger, LoggerOptions } from './logger.ts';
import { boolean, oneOf } from './parsers.ts';

/** What the environment says of the log of a process. */
export interface LoggingConfig {
  readonly logFormat: LogFormat;
  readonly logAnsi: boolean;
  readonly logFilter: LogFilter;
}

/** The variables that every process reads for its log; they mean what they mean to Brupop 1.x. */
export const LOGGING_CONFIG: ConfigSpec<LoggingConfig> = {
  logFormat: {
    env: 'LOGGING_FORMATTER',
    doc: 'Layout of the log: `full`, `compact` (one line an entry), `pretty` (for people) or `json`.',
    default: 'pretty',
    parse: oneOf(...LOG_FORMATS),
  },
  logAnsi: {
    env: 'LOGGING_ANSI_ENABLED',
    doc: 'Whether the log is coloured: `true` or `false`. JSON never is.',
    default: 'false',
    // Brupop 1.x takes it in any case.
    parse: withRule({ words: ['true', 'false'], anyCase: true }, (given) => boolean(given.toLowerCase())),
  },
  logFilter: {
    env: 'TRACING_FILTER_DIRECTIVE',
    doc: 'How much is logged: `off`, `error`, `warn`, `info`, `debug` or `trace`, or a filter of tracing-subscriber such as `info,controller=debug`.',
    default: 'info',
    parse: withRule({ pattern: LOG_FILTER_PATTERN }, logFilter),
  },
};

/**
 * The log of a process, whose configuration may be bad: then it is JSON of level info, to tell what is wrong.
 * @param component such as `agent`
 */
export function createProcessLogger(
  component: string,
  config: LoggingConfig | undefined,
  sink: Pick<LoggerOptions, 'write' | 'now'> = {},
): Logger {
  if (config === undefined) return createLogger({ component, level: 'info', format: 'json', ansi: false, ...sink });
  const options = { component, format: config.logFormat, ansi: config.logAnsi, ...sink };
  const level = thresholdFor(config.logFilter, component);
  const isMeant = config.logFilter.some((directive) => directive.level === 'off');
  if (level === 'off' && !isMeant) {
    // Faithful to the filter, it would never say another word; whoever has mistyped it shall know.
    createLogger({ ...options, level: 'warn' }).warn('Logging is off: no directive of TRACING_FILTER_DIRECTIVE matches this process', {
      targets: [component, `brupop::${component}`],
    });
  }
  return createLogger({ ...options, level });
}
