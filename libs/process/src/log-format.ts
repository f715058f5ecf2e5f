import type { LogFields, LogLevel } from '@brupop/ports';

/** Every log format. */
export const LOG_FORMATS = ['full', 'compact', 'pretty', 'json'] as const;
/** The formats of Rust's tracing formatters, so that settings of Brupop 1.x keep their meaning. */
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LogRecord {
  readonly timestampMs: number;
  readonly level: LogLevel;
  readonly component: string;
  readonly message: string;
  /** Fields of the logger. */
  readonly context: LogFields;
  /** Fields of this entry. */
  readonly fields: LogFields;
}

const COLOURS: Readonly<Record<LogLevel, number>> = { error: 31, warn: 33, info: 32, debug: 34 };

/** One entry as text, without its final line feed. */
export function formatLine(record: LogRecord, layout: LogFormat, ansi: boolean): string {
  if (layout === 'json') return json(record);
  const paint = (code: number, text: string): string => (ansi ? `\u001b[${String(code)}m${text}\u001b[0m` : text);
  const dim = (text: string): string => paint(2, text);
  const time = dim(new Date(record.timestampMs).toISOString());
  const level = paint(COLOURS[record.level], record.level.toUpperCase().padStart(5));
  const message = singleLine(record.message);
  switch (layout) {
    case 'full': {
      const context = pairs(record.context, '=');
      const span = context === '' ? record.component : `${record.component}{${context}}`;
      return joined([time, level, dim(`${span}:`), message, pairs(record.fields, '=')]);
    }
    case 'compact':
      return joined([time, level, dim(`${record.component}:`), message, pairs({ ...record.fields, ...record.context }, '=')]);
    case 'pretty': {
      const fields = pairs(record.fields, ': ', ', ');
      const head = joined([` ${time}`, level, `${paint(1, record.component)}:`, fields === '' ? message : `${message}, ${fields}`]);
      const context = pairs(record.context, ': ', ', ');
      return context === '' ? ` ${head}\n` : ` ${head}\n    ${dim('with')} ${context}\n`;
    }
  }
}

function json({ timestampMs, level, component, message, context, fields }: LogRecord): string {
  return JSON.stringify({
    timestamp: new Date(timestampMs).toISOString(),
    level: level.toUpperCase(),
    fields: { message, ...context, ...fields },
    target: component,
  });
}

function pairs(fields: LogFields, sign: string, separator = ' '): string {
  return Object.entries(fields)
    .map(([key, value]) => `${key}${sign}${valueText(value)}`)
    .join(separator);
}

// Quoted, so that a line feed in a value cannot forge another entry.
function valueText(value: unknown): string {
  return typeof value === 'string' && /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value);
}

function singleLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}
