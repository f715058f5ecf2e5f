import { redact } from './redact.ts';

/** Levels, the most urgent first. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];
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
