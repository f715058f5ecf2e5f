import type { ShadowStatus, ShadowUpdateCheck } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { ago, aShadow, MINUTE, NOW } from '../model/fleet.fixture.ts';
import { followReports } from './overdue-checks.ts';
import type { ReportSpans } from './overdue-checks.ts';

const HOUR = 60 * MINUTE;
interface Look {
  /** Of the controller's own clock, in milliseconds. */
  readonly at: number;
  readonly check?: Partial<ShadowUpdateCheck> | null;
  readonly status?: Partial<ShadowStatus>;
}

/** Whether the agent counts as silent after the last of these looks, the wall clock at NOW plus the time of each. */
function isOverdue(looks: readonly Look[]): boolean {
  let spans: ReportSpans = new Map();
  let overdue: ReadonlySet<string> = new Set();
  for (const { at, check = {}, status } of looks) {
    const update_check = check && { result: 'NothingNewer', checked_at: ago(0), ...check };
    const shadow = aShadow('a', {}, { update_check, ...status });
    ({ spans, overdue } = followReports(spans, [shadow], { steady: at, wall: NOW + at }));
  }
  return overdue.has('brs-a');
}

describe(followReports, () => {
  test.each<{ name: string; looks: readonly Look[]; overdue: boolean }>([
    { name: 'an agent that has just reported', looks: [{ at: 0 }], overdue: false },
    { name: 'an agent whose report has not changed for less than two hours', looks: [{ at: 0 }, { at: 2 * HOUR - 1 }], overdue: false },
    { name: 'an agent whose report has not changed for two hours', looks: [{ at: 0 }, { at: 2 * HOUR }], overdue: true },
    {
      name: 'an agent that has reported again in between',
      looks: [{ at: 0 }, { at: HOUR, check: { checked_at: ago(-60) } }, { at: 2 * HOUR, check: { checked_at: ago(-60) } }],
      overdue: false,
    },
    {
      name: 'an agent that has never checked',
      looks: [
        { at: 0, check: { result: 'NotChecked', checked_at: null } },
        { at: 2 * HOUR, check: { result: 'NotChecked', checked_at: null } },
      ],
      overdue: true,
    },
    {
      name: 'an agent that is to check once a day',
      looks: [
        { at: 0, check: { interval_seconds: 86_400 } },
        { at: 24 * HOUR, check: { interval_seconds: 86_400 } },
      ],
      overdue: false,
    },
    {
      name: 'an agent that reports that it cannot check',
      looks: [{ at: 0 }, { at: 9 * HOUR, check: { result: 'Failing' } }],
      overdue: false,
    },
    {
      name: 'an agent that does not report',
      looks: [
        { at: 0, check: null },
        { at: 9 * HOUR, check: null },
      ],
      overdue: false,
    },
    {
      name: 'an agent in the middle of an update',
      looks: [{ at: 0 }, { at: 9 * HOUR, status: { current_state: 'MonitoringUpdate' } }],
      overdue: false,
    },
    {
      name: 'a report that is seven hours old when the controller starts',
      looks: [{ at: 0, check: { checked_at: ago(420) } }],
      overdue: true,
    },
    { name: 'a report of a clock that is some hours behind', looks: [{ at: 0, check: { checked_at: ago(419) } }], overdue: false },
    {
      name: 'a report of a clock that is days behind, once it has been seen to change',
      looks: [
        { at: 0, check: { checked_at: ago(5_000) } },
        { at: MINUTE, check: { checked_at: ago(4_940) } },
      ],
      overdue: false,
    },
    { name: 'a time that cannot be read', looks: [{ at: 0, check: { checked_at: 'x' } }], overdue: false },
  ])('$name', ({ looks, overdue }) => {
    expect(isOverdue(looks)).toBe(overdue);
  });
});
