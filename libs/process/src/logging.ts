import type { Logger } from '@brupop/ports';
import { withRule, type ConfigResult, type ConfigSpec } from './config.ts';
import { LOG_FORMATS, type LogFormat } from './log-format.ts';
import { LOG_FILTER_PATTERN, logFilter, thresholdFor, type LogFilter } from './log-filter.ts';
import { createLogger, type LoggerOptions } from './logger.ts';
import { boolean, oneOf } from './parsers.ts';

/** The settings of a process's log. */
export interface LoggingConfig {
  readonly logFormat: LogFormat;
  readonly logAnsi: boolean;
  readonly logFilter: LogFilter;
}

/** The variables that configure the log of every process, with the names and meanings of Brupop 1.x. */
export const LOGGING_CONFIG: ConfigSpec<LoggingConfig> = {
  logFormat: {
    env: 'LOGGING_FORMATTER',
    doc: 'Format of the log: `full`, `compact` (one line per entry), `pretty` (for people) or `json`.',
    default: 'pretty',
    parse: oneOf(...LOG_FORMATS),
  },
  logAnsi: {
    env: 'LOGGING_ANSI_ENABLED',
    doc: 'Whether the log has colours: `true` or `false`. JSON never has.',
    default: 'false',
    // Brupop 1.x accepts upper and lower case.
    parse: withRule({ words: ['true', 'false'], anyCase: true }, (given) => boolean(given.toLowerCase())),
  },
  logFilter: {
    env: 'TRACING_FILTER_DIRECTIVE',
    doc: 'Log level (`off`, `error`, `warn`, `info`, `debug` or `trace`), or a filter in the syntax of tracing-subscriber, such as `info,controller=debug`.',
    default: 'info',
    parse: withRule({ pattern: LOG_FILTER_PATTERN }, logFilter),
  },
};

/**
 * The log of a process. It warns of deprecated variables. If the configuration is invalid, it is JSON of level info, to report what is
 * wrong.
 * @param component such as `agent`
 */
export function createProcessLogger(
  component: string,
  parsed: ConfigResult<LoggingConfig>,
  sink: Pick<LoggerOptions, 'write' | 'now'> = {},
): Logger {
  if (!parsed.ok) return createLogger({ component, level: 'info', format: 'json', ansi: false, ...sink });
  const { config, deprecated } = parsed;
  const options = { component, format: config.logFormat, ansi: config.logAnsi, ...sink };
  const level = thresholdFor(config.logFilter, component);
  const isIntended = config.logFilter.some((directive) => directive.level === 'off');
  if (level === 'off' && !isIntended) {
    // The filter may be mistyped: without this entry, nothing would show it.
    createLogger({ ...options, level: 'warn' }).warn('Logging is off: no directive of TRACING_FILTER_DIRECTIVE matches this process', {
      targets: [component, `brupop::${component}`],
    });
  }
  const log = createLogger({ ...options, level });
  for (const { name, replacement } of deprecated) {
    log.warn('Deprecated environment variable: the next version ignores it', { variable: name, use: replacement });
  }
  return log;
}
