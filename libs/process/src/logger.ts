import { Writable } from 'node:stream';
import { createLogger as createWinston, format, transports } from 'winston';
import { formatLine } from './log-format.ts';
import type { LogFormat, LogRecord } from './log-format.ts';
import { redact } from './redact.ts';

/** Levels, the most urgent first. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];
/** How much is logged; `off`: nothing. */
export type LogThreshold = LogLevel | 'off';
/** The data of an entry, by lowerCamel key. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where a process tells what it does. No method ever throws. Fields whose names look like secrets are replaced. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each of its entries. */
  child(fields: LogFields): Logger;
}

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

type Emit = (level: LogLevel, message: string, context: LogFields, fields: LogFields) => void;

/** Builds the interface over one function, with redaction, and swallows whatever goes wrong: a log must not end a process. */
export function loggerTo(emit: Emit, context: LogFields = {}): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      try {
        emit(level, message, context, redact(fields));
      } catch {
        // Nobody is left to be told.
      }
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => loggerTo(emit, { ...context, ...redact(fields) }),
  };
}

/** One entry that {@link memoryLogger} has kept. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** The fake: keeps its entries, those of its children included, with all fields merged. */
export function memoryLogger(): Logger & { readonly entries: LogEntry[] } {
  const entries: LogEntry[] = [];
  const logger = loggerTo((level, message, context, fields) => {
    entries.push({ level, message, fields: { ...context, ...fields } });
  });
  return { ...logger, entries };
}
