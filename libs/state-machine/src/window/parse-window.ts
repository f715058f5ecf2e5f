import { parseCronWindow, type CronWindow } from './cron-window.ts';
import { parseTimeOfDay } from './daily-window.ts';
import { windowAt, type UpdateWindow } from './window.ts';

/** The three environment variables that set a window, as text. Empty means not set. */
export interface WindowVariables {
  readonly SCHEDULER_CRON_EXPRESSION?: string | undefined;
  readonly UPDATE_WINDOW_START?: string | undefined;
  readonly UPDATE_WINDOW_STOP?: string | undefined;
}

/** A window, or all problems with its settings; each names its variable. */
export type ParsedWindow =
  { readonly ok: true; readonly window: UpdateWindow } | { readonly ok: false; readonly problems: readonly string[] };

/** The first moment that an expression can match. */
const YEAR_ONE = Date.parse('0001-01-01T00:00:00Z');
const ALWAYS: UpdateWindow = { kind: 'always' };

/**
 * Parses the window from either a cron expression or a start and a stop. Without any of them updates may start at any time. A setting that
 * means "always" does not conflict with the others, because charts set defaults for all three.
 * @param now milliseconds since the epoch: an expression that matches no time after it is invalid; by default 1970
 */
export function parseWindow(variables: WindowVariables, now: number = 0): ParsedWindow {
  const cron = variables.SCHEDULER_CRON_EXPRESSION?.trim() ?? '';
  const start = variables.UPDATE_WINDOW_START?.trim() ?? '';
  const stop = variables.UPDATE_WINDOW_STOP?.trim() ?? '';
  const problems: string[] = [];
  const scheduled = cron === '' ? ALWAYS : cronWindow(cron, now, problems);
  const daily = start === '' && stop === '' ? ALWAYS : dailyWindow(start, stop, problems);
  if (problems.length > 0) return { ok: false, problems };
  if (scheduled.kind === 'always') return { ok: true, window: daily };
  if (daily.kind === 'always') return { ok: true, window: scheduled };
  const conflict = `SCHEDULER_CRON_EXPRESSION: expected no value together with UPDATE_WINDOW_START and UPDATE_WINDOW_STOP, got "${cron}"`;
  return { ok: false, problems: [conflict] };
}

function cronWindow(expression: string, now: number, problems: string[]): UpdateWindow {
  const parsed = parseCronWindow(expression);
  if (parsed === 'always') return ALWAYS;
  if (parsed !== undefined) {
    const cause = whyNeverOpen(parsed, now);
    if (cause !== undefined) problems.push(`SCHEDULER_CRON_EXPRESSION: expected at least one future time, got "${expression}", ${cause}`);
    return parsed;
  }
  const expected = 'sec min hour day-of-month month day-of-week year (1 = Sunday), such as "* * 2-4 * * Sat *"';
  problems.push(`SCHEDULER_CRON_EXPRESSION: expected ${expected}, got "${expression}"`);
  return ALWAYS;
}

/** Why the window is closed and never opens again; undefined: it opens again. */
function whyNeverOpen(window: CronWindow, now: number): string | undefined {
  const { open, opensAt } = windowAt(window, now);
  if (open || opensAt !== undefined) return undefined;
  return window.next(YEAR_ONE) === undefined ? 'which matches no date' : 'whose last match has passed';
}

function dailyWindow(start: string, stop: string, problems: string[]): UpdateWindow {
  const startMs = timeOfDay('UPDATE_WINDOW_START', start, 'UPDATE_WINDOW_STOP', problems);
  const stopMs = timeOfDay('UPDATE_WINDOW_STOP', stop, 'UPDATE_WINDOW_START', problems);
  if (startMs === undefined || stopMs === undefined) return ALWAYS;
  if (startMs !== stopMs) return { kind: 'daily', startMs, stopMs };
  if (startMs !== 0) problems.push(`UPDATE_WINDOW_STOP: expected a time other than UPDATE_WINDOW_START, or 0:0:0 for both, got "${stop}"`);
  return ALWAYS;
}

function timeOfDay(name: string, text: string, other: string, problems: string[]): number | undefined {
  const parsed = parseTimeOfDay(text);
  if (parsed === undefined) {
    problems.push(
      text === ''
        ? `${name}: expected a time because ${other} is set, got none`
        : `${name}: expected hour:minute:second in UTC, got "${text}"`,
    );
  }
  return parsed;
}
