import { Writable } from 'node:stream';
import { createLogger as createWinston, format, transports } from 'winston';
import { formatLine } from './log-format.ts';
import type { LogFormat, LogRecord } from './log-format.ts';
import { LOG_LEVELS, loggerTo } from '@brupop/ports';
import type { Logger, LogLevel } from '@brupop/ports';

/** How much is logged; `off`: nothing. */
export type LogThreshold = LogLevel | 'off';
/** What a {@link Logger} is made from. */
export interface LoggerOptions {
  /** Shown with each line, such as `agent`. */
  readonly component: string;
  readonly level: LogThreshold;
  readonly format: LogFormat;
  /** Colours for a terminal; JSON never has any. */
  readonly ansi: boolean;
  /** Takes one line (or, for `pretty`, one paragraph) without its final line feed; standard output by default. */
  readonly write?: (line: string) => void;
  /** Wall-clock time for the timestamps, milliseconds since the epoch. */
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
