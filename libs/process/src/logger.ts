import { Writable } from 'node:stream';
import { createLogger as createWinston, format, transports } from 'winston';
import { formatLine, type LogFormat, type LogRecord } from './log-format.ts';
import { LOG_LEVELS, loggerTo, type Logger, type LogLevel } from '@brupop/ports';

/** The least severe level that is logged; `off` logs nothing. */
export type LogThreshold = LogLevel | 'off';

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** Name in each entry, such as `agent`. */
  readonly component: string;
  readonly level: LogThreshold;
  readonly format: LogFormat;
  /** Whether to use colours; JSON never has any. */
  readonly ansi: boolean;
  /** Writes one line (for `pretty`, one paragraph), given without its final line feed; to standard output by default. */
  readonly write?: (line: string) => void;
  /** Wall-clock time of the timestamps, in milliseconds since the Unix epoch. */
  readonly now?: () => number;
}

/** The logger of a process. */
export function createLogger(options: LoggerOptions): Logger {
  const write = options.write ?? ((line: string): void => void process.stdout.write(`${line}\n`));
  const now = options.now ?? Date.now;
  const levels = Object.fromEntries(LOG_LEVELS.map((level, index) => [level, index]));
  const MESSAGE = Symbol.for('message');
  const sink = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      write(chunk);
      done();
    },
  });
  const winston = createWinston({
    levels,
    level: options.level === 'off' ? 'error' : options.level,
    silent: options.level === 'off',
    format: format((info) => {
      info[MESSAGE] = formatLine(info['record'] as LogRecord, options.format, options.ansi);
      return info;
    })(),
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston types its own transports as interfaces
    transports: [new transports.Stream({ stream: sink, eol: '' })],
  });
  return loggerTo((level, message, context, fields) => {
    const record: LogRecord = { timestampMs: now(), level, component: options.component, message, context, fields };
    winston.log({ level, message, record });
  });
}
