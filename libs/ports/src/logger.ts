import { redact } from './redact.ts';

/** Log levels, the most severe first. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];
/** The fields of an entry, with keys in lowerCamelCase. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The log of a process. No method throws. Values of fields whose names look like secrets are redacted. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each of its entries. */
  child(fields: LogFields): Logger;
}

type Emit = (level: LogLevel, message: string, context: LogFields, fields: LogFields) => void;

/** A logger on one function, with redaction. Errors are ignored, because logging must not end a process. */
export function loggerTo(emit: Emit, context: LogFields = {}): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      try {
        emit(level, message, context, redact(fields));
      } catch {
        // There is no other place to report it.
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

/** One entry of a {@link memoryLogger}. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** A fake that keeps its entries and those of its children, with all fields merged. */
export function memoryLogger(): Logger & { readonly entries: LogEntry[] } {
  const entries: LogEntry[] = [];
  const logger = loggerTo((level, message, context, fields) => {
    entries.push({ level, message, fields: { ...context, ...fields } });
  });
  return { ...logger, entries };
}
