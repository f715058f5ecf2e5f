import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

// The clocks of New York go forward on 8 March 2026 at 7:00 UTC, and back on 1 November at 6:00 UTC.
const MOMENTS = [
  '2026-03-07T06:30:00Z',
  '2026-03-08T06:30:00Z',
  '2026-03-08T07:30:00Z',
  '2026-03-08T23:30:00Z',
  '2026-11-01T05:30:00Z',
  '2026-11-01T06:30:00Z',
  '2026-11-02T04:30:00Z',
];
const WINDOWS = [
  { SCHEDULER_CRON_EXPRESSION: '* * 1-6 * * * *' },
  { SCHEDULER_CRON_EXPRESSION: '0 30 2 * * Sun *' },
  { SCHEDULER_CRON_EXPRESSION: '* * * 8 Mar * *' },
  { UPDATE_WINDOW_START: '23:0:0', UPDATE_WINDOW_STOP: '7:0:0' },
];

/** What the windows are at the moments, in a process whose time zone is `zone`. */
function statesIn(zone: string): string {
  const script = `
    const { parseWindow, windowAt } = await import(${JSON.stringify(join(import.meta.dirname, '../index.ts'))});
    const states = ${JSON.stringify(WINDOWS)}.map((variables) =>
      ${JSON.stringify(MOMENTS)}.map((moment) => windowAt(parseWindow(variables).window, Date.parse(moment))));
    process.stdout.write(JSON.stringify({ offset: new Date(${JSON.stringify(MOMENTS[0])}).getTimezoneOffset(), states }));`;
  const flags = ['--conditions=@brupop/source', '--no-warnings', '--input-type=module', '--eval', script];
  return execFileSync(process.execPath, flags, { env: { ...process.env, TZ: zone, NODE_OPTIONS: '' }, encoding: 'utf8' });
}

describe('update windows', () => {
  test('are in UTC: neither the time zone of the process nor its daylight saving moves them', () => {
    const [utc, newYork, lordHowe] = ['UTC', 'America/New_York', 'Australia/Lord_Howe'].map(
      (zone) => JSON.parse(statesIn(zone)) as { readonly offset: number; readonly states: object },
    );
    expect(newYork?.offset).toBe(300);
    expect(newYork?.states).toEqual(utc?.states);
    expect(lordHowe?.states).toEqual(utc?.states);
  });
});
