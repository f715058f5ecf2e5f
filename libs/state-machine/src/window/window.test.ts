import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseWindow } from './parse-window.ts';
import type { UpdateWindow } from './window.ts';
import type { WindowState } from './window-state.ts';
import { windowAt } from './window.ts';

function window(variables: Parameters<typeof parseWindow>[0]): UpdateWindow {
  const parsed = parseWindow(variables);
  if (!parsed.ok) throw new Error(parsed.problems.join());
  return parsed.window;
}
const daily = (start: string, stop: string): UpdateWindow => window({ UPDATE_WINDOW_START: start, UPDATE_WINDOW_STOP: stop });
const cron = (expression: string): UpdateWindow => window({ SCHEDULER_CRON_EXPRESSION: expression });
/** Monday 2026-01-05 unless another day is given. */
const at = (time: string, day = '2026-01-05'): number => Date.parse(`${day}T${time}Z`);
const shown = ({ open, opensAt, closesAt }: WindowState): string => {
  const time = (ms: number | undefined): string => (ms === undefined ? '?' : new Date(ms).toISOString().slice(8, 19).replace('T', ' '));
  return open ? `open until ${time(closesAt)}` : `closed until ${time(opensAt)}`;
};

describe(windowAt, () => {
  test.each([
    { name: 'always open without settings', window: window({}), now: at('12:00:00'), expected: 'open until ?' },
    { name: 'daily: opens at the start', window: daily('9:0:0', '17:0:0'), now: at('09:00:00'), expected: 'open until 05 16:54:00' },
    { name: 'daily: closed before', window: daily('9:0:0', '17:0:0'), now: at('08:59:59'), expected: 'closed until 05 09:00:00' },
    {
      name: 'daily: closed 6 minutes before the stop',
      window: daily('9:0:0', '17:0:0'),
      now: at('16:54:00'),
      expected: 'closed until 06 09:00:00',
    },
    { name: 'daily: open before midnight', window: daily('22:30:15', '4:0:0'), now: at('23:00:00'), expected: 'open until 06 03:54:00' },
    { name: 'daily: open after midnight', window: daily('22:30:15', '4:0:0'), now: at('00:00:00'), expected: 'open until 05 03:54:00' },
    { name: 'daily: closed in between', window: daily('22:30:15', '4:0:0'), now: at('22:30:14'), expected: 'closed until 05 22:30:15' },
    {
      name: 'daily: half of a very short window is open',
      window: daily('9:0:0', '9:4:0'),
      now: at('09:01:59'),
      expected: 'open until 05 09:02:00',
    },
    { name: 'daily: both 0:0:0 is always', window: daily('0:0:0', '0:0:0'), now: at('12:00:00'), expected: 'open until ?' },
    { name: 'cron: every second is always', window: cron('* * * * * * *'), now: at('12:00:00'), expected: 'open until ?' },
    {
      name: 'cron: a run of seconds is one opening',
      window: cron('* * 10-12 * * Mon *'),
      now: at('10:00:00'),
      expected: 'open until 05 13:00:00',
    },
    { name: 'cron: until its last second', window: cron('* * 10-12 * * Mon *'), now: at('12:59:59'), expected: 'open until 05 13:00:00' },
    { name: 'cron: and no longer', window: cron('* * 10-12 * * Mon *'), now: at('13:00:00'), expected: 'closed until 12 10:00:00' },
    { name: 'cron: hours over midnight', window: cron('* * 22,23,0,1 * * * *'), now: at('23:10:00'), expected: 'open until 06 02:00:00' },
    {
      name: 'cron: whole days',
      window: cron('* * * * * Sat,Sun *'),
      now: at('12:00:00', '2026-01-10'),
      expected: 'open until 12 00:00:00',
    },
    { name: 'cron: an end too far away', window: cron('* * * * 1-6 * *'), now: at('12:00:00'), expected: 'open until ?' },
    { name: 'cron: part of each hour', window: cron('* 30-44 * * * * *'), now: at('12:31:00'), expected: 'open until 05 12:45:00' },
    { name: 'cron: a trigger opens for a minute', window: cron('0 0 2 * * * *'), now: at('02:00:59'), expected: 'open until 05 02:01:00' },
    { name: 'cron: and then waits for the next', window: cron('0 0 2 * * * *'), now: at('02:01:00'), expected: 'closed until 06 02:00:00' },
    {
      name: 'cron: a trigger each minute is one long opening',
      window: cron('0 * 10-12 * * Mon *'),
      now: at('10:30:30'),
      expected: 'open until 05 13:00:00',
    },
    { name: 'cron: a trigger within the minute', window: cron('30 0 2 * * * *'), now: at('02:00:30'), expected: 'open until 05 02:01:30' },
    { name: 'cron: reaches into the next minute', window: cron('30 0 2 * * * *'), now: at('02:01:29'), expected: 'open until 05 02:01:30' },
    { name: 'cron: not before its second', window: cron('30 0 2 * * * *'), now: at('02:00:29'), expected: 'closed until 05 02:00:30' },
    {
      name: 'cron: half of each minute is one opening',
      window: cron('0-29 0-9 2 * * * *'),
      now: at('02:04:45'),
      expected: 'open until 05 02:10:00',
    },
    { name: 'cron: 1 is Sunday', window: cron('0 0 2 * * 1 *'), now: at('12:00:00'), expected: 'closed until 11 02:00:00' },
    {
      name: 'cron: both day fields have to match',
      window: cron('0 0 2 13 * Fri *'),
      now: at('12:00:00'),
      expected: 'closed until 13 02:00:00',
    },
    { name: 'cron: steps from a value', window: cron('0 0 2 3/5 * ? *'), now: at('12:00:00'), expected: 'closed until 08 02:00:00' },
    { name: 'cron: the year may be left out', window: cron('0 0 2 * * Monday'), now: at('12:00:00'), expected: 'closed until 12 02:00:00' },
    { name: 'cron: nicknames', window: cron('@daily'), now: at('12:00:00'), expected: 'closed until 06 00:00:00' },
    { name: 'cron: never again', window: cron('* * * * * * 2020'), now: at('12:00:00'), expected: 'closed until ?' },
  ])('$name', ({ window, now, expected }) => {
    expect(shown(windowAt(window, now))).toBe(expected);
  });

  const sample = ['* * 10-12 * * Mon *', '0 * 10-12 * * * *', '30 0 2 * * * *', '* 30-44 * * * * *', '0/20 */7 1-3 * * 2-6 *'].map(cron);
  test.each([...sample, daily('22:30:15', '4:0:0'), daily('9:0:0', '9:4:0')])('opens and closes when it says, %#', (subject) => {
    fc.assert(
      fc.property(fc.integer({ min: at('00:00:00'), max: at('00:00:00', '2026-02-05') }), (now) => {
        const { open, opensAt, closesAt } = windowAt(subject, now);
        const change = (open ? closesAt : opensAt) ?? Number.NaN;
        expect(change).toBeGreaterThan(now);
        expect(windowAt(subject, change).open).toBe(!open);
        expect(windowAt(subject, change - 1).open).toBe(open);
      }),
    );
  });
});

describe(parseWindow, () => {
  const CONFLICT =
    'SCHEDULER_CRON_EXPRESSION: expected no value together with UPDATE_WINDOW_START and UPDATE_WINDOW_STOP, got "0 0 2 * * * *"';
  const expression = (text: string): string =>
    `SCHEDULER_CRON_EXPRESSION: expected sec min hour day-of-month month day-of-week year (1 = Sunday), such as "* * 2-4 * * Sat *", got "${text}"`;
  test.each([
    {
      name: 'a start without a stop',
      start: '1:0:0',
      problems: ['UPDATE_WINDOW_STOP: expected a time because UPDATE_WINDOW_START is set, got none'],
    },
    {
      name: 'a stop without a start',
      stop: '1:0:0',
      problems: ['UPDATE_WINDOW_START: expected a time because UPDATE_WINDOW_STOP is set, got none'],
    },
    {
      name: 'invalid times, both reported',
      start: '24:0:0',
      stop: 'noon',
      problems: [
        'UPDATE_WINDOW_START: expected hour:minute:second in UTC, got "24:0:0"',
        'UPDATE_WINDOW_STOP: expected hour:minute:second in UTC, got "noon"',
      ],
    },
    {
      name: 'a window of no length',
      start: '5:0:0',
      stop: '5:0:0',
      problems: ['UPDATE_WINDOW_STOP: expected a time other than UPDATE_WINDOW_START, or 0:0:0 for both, got "5:0:0"'],
    },
    { name: 'an expression and a window', cron: '0 0 2 * * * *', start: '1:0:0', stop: '2:0:0', problems: [CONFLICT] },
    { name: 'five fields', cron: '0 2 * * *', problems: [expression('0 2 * * *')] },
    { name: 'garbage', cron: 'at night', problems: [expression('at night')] },
    { name: 'an eighth day of the week', cron: '0 0 2 * * 8 *', problems: [expression('0 0 2 * * 8 *')] },
    {
      name: 'a date that no year has',
      cron: '0 0 0 31 2 * *',
      problems: ['SCHEDULER_CRON_EXPRESSION: expected at least one future time, got "0 0 0 31 2 * *", which matches no date'],
    },
    {
      name: 'a date that the years that it names do not have',
      cron: '0 0 0 29 Feb * 2027,2029',
      problems: ['SCHEDULER_CRON_EXPRESSION: expected at least one future time, got "0 0 0 29 Feb * 2027,2029", which matches no date'],
    },
    {
      name: 'a year that is over',
      cron: '* * * * * * 2020',
      problems: ['SCHEDULER_CRON_EXPRESSION: expected at least one future time, got "* * * * * * 2020", whose last match has passed'],
    },
    { name: 'a seconds field out of range', cron: '60 0 2 * * * *', problems: [expression('60 0 2 * * * *')] },
  ])('refuses $name', ({ cron, start, stop, problems }) => {
    const variables = { SCHEDULER_CRON_EXPRESSION: cron, UPDATE_WINDOW_START: start, UPDATE_WINDOW_STOP: stop };
    const parsed = parseWindow(variables, at('12:00:00'));
    expect(parsed).toEqual({ ok: false, problems });
  });

  test('an expression is accepted until its last window has closed, and one that opens rarely always', () => {
    const taken = (expression: string, now: number): boolean => parseWindow({ SCHEDULER_CRON_EXPRESSION: expression }, now).ok;
    expect(['* * 0-11 5 1 * 2026', '0 0 12 5 1 * 2026', '0 0 0 29 2 Mon *'].map((expression) => taken(expression, at('11:59:59')))).toEqual(
      [true, true, true],
    );
    expect(taken('* * 0-11 5 1 * 2026', at('12:00:00'))).toBe(false);
  });

  test.each([
    { name: 'empty settings mean none', cron: '', start: '', stop: ' ', kind: 'always' },
    {
      name: 'an expression that means always leaves room for a window',
      cron: '* * * * * * *',
      start: '1:0:0',
      stop: '2:0:0',
      kind: 'daily',
    },
    {
      name: 'a window that means always leaves room for an expression',
      cron: '0 0 2 * * * *',
      start: '0:0:0',
      stop: '0:0:0',
      kind: 'cron',
    },
  ])('accepts: $name', ({ cron, start, stop, kind }) => {
    expect(window({ SCHEDULER_CRON_EXPRESSION: cron, UPDATE_WINDOW_START: start, UPDATE_WINDOW_STOP: stop }).kind).toBe(kind);
  });
});
