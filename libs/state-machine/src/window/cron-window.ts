import { Cron } from 'croner';
import { CRON_PATTERN } from './cron-pattern.ts';
import type { WindowState } from './window-state.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const FORTNIGHT_MS = 14 * DAY_MS;

/**
 * The times that match a cron expression. Consecutive matching seconds are one opening. An opening shorter than a minute, such as the
 * single second of `0 0 2 * * * *`, lasts for a minute from its first second.
 */
export interface CronWindow {
  readonly kind: 'cron';
  readonly expression: string;
  /**
   * Whether it matches moments that are minutes apart, and not periods. A trigger starts updates that continue until all nodes are done.
   */
  readonly trigger: boolean;
  /** Whether any second of a minute matches. */
  readonly minuteMatches: (minuteAtMs: number) => boolean;
  /** The next matching second after a time, milliseconds since the epoch. */
  readonly next: (afterMs: number) => number | undefined;
  /** Within a matching minute: when its first opening begins and when its last one ends, which may be in the next minute. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** The interval in which to search for the end of an opening: no field below it restricts anything. */
  readonly stepMs: number;
}

const FORMAT = new RegExp(`^(${CRON_PATTERN})$`);
const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 0 1 1 * *',
  '@annually': '0 0 0 1 1 * *',
  '@monthly': '0 0 0 1 * * *',
  '@weekly': '0 0 0 * * 1 *',
  '@daily': '0 0 0 * * * *',
  '@midnight': '0 0 0 * * * *',
  '@hourly': '0 0 * * * * *',
};
const LONG_NAMES =
  /\b(jan)uary\b|\b(feb)ruary\b|\b(mar)ch\b|\b(apr)il\b|\b(jun)e\b|\b(jul)y\b|\b(aug)ust\b|\b(sep)tember\b|\b(oct)ober\b|\b(nov)ember\b|\b(dec)ember\b|\b(sun)day\b|\b(mon)day\b|\b(tue)sday\b|\b(wed)nesday\b|\b(thu)rsday\b|\b(fri)day\b|\b(sat)urday\b/gi;

// As the Rust crate `cron` does: UTC, day of week from 1 = Sunday, both day fields have to match, `3/5` means every fifth from 3.
const LIKE_RUST = { utcOffset: 0, paused: true, mode: '7-part', alternativeWeekdays: true, domAndDow: true, sloppyRanges: true } as const;

/**
 * Parses `sec min hour day-of-month month day-of-week [year]`, as the Rust crate `cron` does.
 * @returns `'always'` if every second matches; undefined if the expression is invalid
 */
export function parseCronWindow(expression: string): CronWindow | 'always' | undefined {
  if (!FORMAT.test(expression)) return undefined;
  const fields = (NICKNAMES[expression.toLowerCase()] ?? expression)
    .replace(LONG_NAMES, (name) => name.slice(0, 3))
    .split(/\s+/)
    .map((field) => (field === '?' ? '*' : field));
  if (fields.length === 6) fields.push('*');
  if (fields.every((field) => field === '*')) return 'always';
  const [seconds, minute, hour, , , dayOfWeek] = fields;
  const job = compile(fields.join(' '));
  const minutes = compile(['0', ...fields.slice(1)].join(' '));
  const offsets = compile([seconds, '* * * * * *'].join(' '));
  const hourly = compile(['0', minute, '* * * * *'].join(' '));
  // The parser accepts 8 as another Sunday.
  if (!job || !minutes || !offsets || !hourly || dayOfWeek?.includes('8') === true) return undefined;
  const matching = Array.from({ length: 60 }, (_, second) => second * SECOND_MS).filter((ms) => offsets.match(new Date(ms)));
  const everySecond = matching.length === 60;
  const runs = matching.filter((ms) => !matching.includes(ms - SECOND_MS));
  return {
    kind: 'cron',
    expression,
    trigger: !everySecond && !hasNeighbours(hourly),
    minuteMatches: (minuteAtMs) => minutes.match(new Date(minuteAtMs)),
    next: (afterMs) => job.nextRun(new Date(afterMs))?.getTime(),
    firstMs: Math.min(...runs),
    lastMs: Math.max(...runs) + MINUTE_MS,
    stepMs: everySecond && minute === '*' ? (hour === '*' ? DAY_MS : HOUR_MS) : MINUTE_MS,
  };
}

/** Whether two consecutive minutes match, also across the full hour. */
function hasNeighbours(hourly: Cron): boolean {
  const matches = (minute: number): boolean => hourly.match(new Date(minute * MINUTE_MS));
  return Array.from({ length: 60 }, (_, minute) => minute).some((minute) => matches(minute) && matches(minute + 1));
}

function compile(expression: string): Cron | undefined {
  try {
    return new Cron(expression, LIKE_RUST);
  } catch {
    return undefined;
  }
}

/**
 * When a trigger opened the window that is open at `now`; undefined if it is closed. Milliseconds since the epoch.
 * @param window a trigger: there is a gap between any two of its openings
 */
export function triggeredAt(window: CronWindow, now: number): number | undefined {
  const minuteAt = openedIn(window, now);
  return minuteAt === undefined ? undefined : minuteAt + window.firstMs;
}

/** The matching minute whose opening includes `now`. An opening may extend into the minute after the matching one. */
function openedIn(window: CronWindow, now: number): number | undefined {
  const minuteAt = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  return [minuteAt, minuteAt - MINUTE_MS].find((at) => window.minuteMatches(at) && now >= at + window.firstMs && now < at + window.lastMs);
}

/** @param now milliseconds since the epoch */
export function cronWindowAt(window: CronWindow, now: number): WindowState {
  const opened = openedIn(window, now);
  if (opened === undefined) {
    const opensAt = window.next(now);
    return opensAt === undefined ? { open: false } : { open: false, opensAt };
  }
  const closesAt = endOf(window, opened);
  return closesAt === undefined ? { open: true } : { open: true, closesAt };
}

/** When the consecutive openings that begin with that of this minute end; undefined: not within a fortnight. */
function endOf(window: CronWindow, minuteAt: number): number | undefined {
  const { stepMs } = window;
  for (let at = Math.floor(minuteAt / stepMs) * stepMs; at < minuteAt + FORTNIGHT_MS; at += stepMs) {
    if (!window.minuteMatches(at + stepMs)) return at + stepMs - MINUTE_MS + window.lastMs;
  }
  return undefined;
}
