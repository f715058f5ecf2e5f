import { LIMITS, type BottlerocketShadow, type ShadowStatus } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { ago, aShadow, NOW } from '../model/fleet.fixture.ts';
import { conditionsDue } from './conditions-due.ts';
import type { ConditionsDue } from './conditions-due.ts';
import { drainBlockedBy } from '../rules/drain-blocked.ts';
import { severityOf } from './severity.ts';
import type { FleetHold } from '../model/plan.ts';
import { HOLD_REASONS } from '../model/reasons.ts';
import type { HoldReason } from '../model/reasons.ts';
import { carriesConditions, CONDITION_FINDINGS, shadowConditions } from './shadow-conditions.ts';

const PDB = 'PodDisruptionBudget default/web allows no disruption of pod default/web-0';
const NO_WAITS: readonly HoldReason[] = ['UpToDate', 'NotChecked', 'UpdateCheckUnknown', 'UpdateCheckFailing'];
const aHold = (reason: HoldReason, message = 'why'): FleetHold => ({ node: 'a', reason, message });
const progress = (step: 'Draining' | 'Rebooting', message: string, reason?: string): Partial<ShadowStatus> => ({
  progress: { step, since: ago(1), boot_id: 'b', version: '1.1.0', message, ...(reason === undefined ? {} : { reason }) },
});
const rebooting = (status: Partial<ShadowStatus> = {}): BottlerocketShadow =>
  aShadow('a', { state: 'RebootedIntoUpdate', version: '1.1.0' }, status);
const conditionsOf = (shadow: BottlerocketShadow, hold: FleetHold): string[] =>
  shadowConditions(shadow, hold, NOW).map(({ type, status, reason }) => `${type}=${status} ${reason}`);
const carrying = (shadow: BottlerocketShadow, hold: FleetHold, at: number): BottlerocketShadow => {
  if (!shadow.status) throw new Error('nothing that could carry them');
  return { ...shadow, status: { ...shadow.status, conditions: shadowConditions(shadow, hold, at) } };
};

describe(shadowConditions, () => {
  const quiet = ['Updating=False NoFreeSlot', 'Drained=False NotDrained', 'Stuck=False WithinDeadline', 'Healthy=True NoTrouble'];
  const [, undrained, inTime, fine] = quiet;
  const busy = 'Updating=True UpdateInProgress';
  test.each([
    { name: 'a node that waits for an update', shadow: aShadow('a'), hold: aHold('NoFreeSlot'), expected: quiet },
    {
      name: 'an updated node',
      shadow: aShadow('a', {}, { current_version: '1.1.0' }),
      hold: aHold('UpToDate'),
      expected: ['Updating=False UpToDate', undrained, inTime, fine],
    },
    {
      name: 'a node whose host cannot check for updates',
      shadow: aShadow('a', {}, { current_version: '1.1.0', update_check: { result: 'Failing', message: 'no route' } }),
      hold: aHold('UpdateCheckFailing', 'no route'),
      expected: ['Updating=Unknown UpdateCheckFailing', undrained, inTime, 'Healthy=False UpdateCheckFailing'],
    },
    {
      name: 'a staged node that waits for the window',
      shadow: aShadow('a', { state: 'StagedAndPerformedUpdate', version: '1.1.0' }, { current_state: 'StagedAndPerformedUpdate' }),
      hold: aHold('WindowClosed'),
      expected: [busy, undrained, inTime, fine],
    },
    {
      name: 'a node in an update',
      shadow: rebooting(progress('Draining', 'evicting 3 pods')),
      hold: aHold('InProgress'),
      expected: [busy, undrained, inTime, fine],
    },
    {
      name: 'a drain that a budget blocks',
      shadow: rebooting(progress('Draining', PDB, 'DisruptionBudget')),
      hold: { ...aHold('DrainBlocked', PDB), lasting: true },
      expected: [busy, 'Drained=False DrainBlocked', inTime, fine],
    },
    {
      name: 'a drain that a budget blocks for a moment, as it does in an ordinary rollout',
      shadow: rebooting(progress('Draining', PDB, 'DisruptionBudget')),
      hold: aHold('DrainBlocked', PDB),
      expected: [busy, undrained, inTime, fine],
    },
    {
      name: 'a drain that a budget blocks on a node that is aHold for something else',
      shadow: rebooting(progress('Draining', PDB, 'DisruptionBudget')),
      hold: aHold('Stuck'),
      expected: [busy, 'Drained=False DrainBlocked', 'Stuck=True DeadlinePassed', 'Healthy=False Stuck'],
    },
    {
      name: 'a drained node',
      shadow: rebooting(progress('Rebooting', '')),
      hold: aHold('InProgress'),
      expected: [busy, 'Drained=True DrainedForReboot', inTime, fine],
    },
    {
      name: 'a node that cleans up',
      shadow: aShadow('a'),
      hold: aHold('Recovering'),
      expected: ['Updating=True Recovering', undrained, inTime, fine],
    },
    {
      name: 'a stuck node',
      shadow: rebooting(),
      hold: aHold('Stuck'),
      expected: [busy, undrained, 'Stuck=True DeadlinePassed', 'Healthy=False Stuck'],
    },
    {
      name: 'a node that has crashed',
      shadow: aShadow('a'),
      hold: aHold('CrashBackoff'),
      expected: ['Updating=False CrashBackoff', undrained, inTime, 'Healthy=False CrashBackoff'],
    },
    {
      name: 'a node of which nothing is known yet',
      shadow: aShadow('a', {}, { current_version: '1.1.0', update_check: { result: 'NotChecked' } }),
      hold: aHold('NotChecked'),
      expected: ['Updating=Unknown NotChecked', undrained, inTime, fine],
    },
    {
      name: 'a node whose agent is not Ready just now',
      shadow: aShadow('a', {}, { current_version: '1.1.0' }),
      hold: aHold('AgentNotReady'),
      expected: ['Updating=False UpToDate', undrained, inTime, fine],
    },
    {
      name: 'a node whose agent has not been Ready for five minutes',
      shadow: aShadow('a', {}, { current_version: '1.1.0' }),
      hold: { ...aHold('AgentNotReady'), lasting: true },
      expected: ['Updating=Unknown AgentNotReady', undrained, inTime, 'Healthy=False AgentNotReady'],
    },
  ])('reports $name', ({ shadow, hold, expected }) => {
    expect(conditionsOf(shadow, hold)).toEqual(expected);
    expect(carriesConditions(shadow, hold)).toBe(false);
  });

  test('uses only explained reasons, and explains only reasons in use', () => {
    const states: BottlerocketShadow[] = [
      aShadow('a'),
      aShadow('a', {}, { current_version: '1.1.0' }),
      aShadow('a', {}, { current_version: '1.1.0', update_check: { result: 'Failing', message: 'no route' } }),
      aShadow('a', {}, { current_version: '1.1.0', update_check: { result: 'NotChecked' } }),
      aShadow('a', {}, { current_version: '1.1.0', update_check: null }),
      rebooting(progress('Draining', PDB, 'DisruptionBudget')),
      rebooting(progress('Rebooting', '')),
    ];
    const reasons = Object.keys(HOLD_REASONS) as HoldReason[];
    const said = new Set(
      [true, false].flatMap((lasting) =>
        states.flatMap((shadow) =>
          reasons.flatMap((reason) => conditionsOf(shadow, { ...aHold(reason), ...(lasting ? { lasting } : {}) })),
        ),
      ),
    );
    const explained = Object.entries(CONDITION_FINDINGS).flatMap(([type, findings]) =>
      Object.keys(findings).map((finding) => `${type}=${finding}`),
    );
    const troubles = reasons
      .filter((reason) => severityOf({ reason, lasting: true }) === 'trouble')
      .map((reason) => `Healthy=False ${reason}`);
    const waits = reasons
      .filter((reason) => !HOLD_REASONS[reason].updating && !NO_WAITS.includes(reason))
      .map((reason) => `Updating=${HOLD_REASONS[reason].severity === 'lasting' ? 'Unknown' : 'False'} ${reason}`);
    expect([...said].sort()).toEqual([...explained, ...troubles, ...waits].sort());
  });

  test('names the budget that blocks a drain and the pod, as they were reported', () => {
    const conditions = shadowConditions(
      rebooting(progress('Draining', PDB, 'DisruptionBudget')),
      { ...aHold('DrainBlocked', PDB), lasting: true },
      NOW,
    );
    expect(conditions.find(({ type }) => type === 'Drained')?.message).toBe(PDB);
  });

  test('a budget of a drain that has ended blocks nothing', () => {
    expect(drainBlockedBy(rebooting(progress('Rebooting', PDB, 'DisruptionBudget')))).toBeUndefined();
  });

  test('has nothing to write once the conditions are written, at any later time', () => {
    expect(carriesConditions(carrying(aShadow('a'), aHold('UpToDate'), NOW - 1_000), aHold('UpToDate'))).toBe(true);
  });

  test.each<HoldReason>(['NodeNotReady', 'AgentNotReady', 'NoShadow'])(
    'an idle node that waits for %s, which may pass by itself, is not written again',
    (reason) => {
      expect(carriesConditions(carrying(aShadow('a'), aHold('NoFreeSlot'), NOW), aHold(reason))).toBe(true);
    },
  );

  test.each<{ name: string; from: FleetHold; to: FleetHold; status?: Partial<ShadowStatus>; due: ConditionsDue }>([
    { name: 'what it carries already', from: aHold('NoFreeSlot'), to: aHold('NoFreeSlot'), due: 'none' },
    { name: 'another quiet reason to wait', from: aHold('WindowClosed'), to: aHold('NoFreeSlot'), due: 'late' },
    {
      name: 'another message of the same reason',
      from: aHold('VersionFailing', '3 nodes'),
      to: aHold('VersionFailing', '4 nodes'),
      due: 'late',
    },
    { name: 'a problem', from: aHold('NoFreeSlot'), to: aHold('CrashBackoff'), due: 'soon' },
    { name: 'the end of a problem', from: aHold('CrashBackoff'), to: aHold('NoFreeSlot'), due: 'soon' },
    {
      name: 'that there is nothing to update to any more',
      from: aHold('NoFreeSlot'),
      to: aHold('UpToDate'),
      status: { current_version: '1.1.0', update_check: { result: 'NothingNewer' } },
      due: 'soon',
    },
    {
      name: 'that the host has yet to check',
      from: aHold('NoFreeSlot'),
      to: aHold('NotChecked'),
      status: { current_version: '1.1.0', update_check: { result: 'NotChecked' } },
      due: 'settling',
    },
  ])('conditions change by $name: $due', ({ from, to, status, due }) => {
    const before = carrying(aShadow('a'), from, NOW);
    expect(conditionsDue({ ...before, status: { ...before.status, ...status } as ShadowStatus }, to)).toBe(due);
  });

  test('the conditions of a node with a new update are written soon', () => {
    const before = carrying(aShadow('a', {}, { current_version: '1.1.0' }), aHold('UpToDate'), NOW);
    const { conditions = [] } = before.status ?? {};
    expect(conditionsDue(aShadow('a', {}, { conditions }), aHold('NoFreeSlot'))).toBe('soon');
  });

  test('progress within a step is not written again', () => {
    const before = carrying(rebooting(progress('Draining', 'evicting 3 pods')), aHold('InProgress', 'three'), NOW);
    const after = rebooting({ ...before.status, ...progress('Draining', 'evicting 2 pods') });
    expect(carriesConditions(after, aHold('InProgress', 'two'))).toBe(true);
  });

  test('another budget that blocks the drain is written', () => {
    const blockedBy = (message: string): [BottlerocketShadow, FleetHold] => [
      rebooting(progress('Draining', message, 'DisruptionBudget')),
      { ...aHold('DrainBlocked', message), lasting: true },
    ];
    const before = carrying(...blockedBy(PDB), NOW);
    const [after, hold] = blockedBy('PodDisruptionBudget default/db allows no disruption of pod default/db-0');
    expect(carriesConditions({ ...after, status: { ...before.status, ...after.status } as ShadowStatus }, hold)).toBe(false);
  });

  test('keeps the time of a condition whose status stays, and renews that of one whose status changes', () => {
    const before = carrying(aShadow('a'), aHold('UpToDate'), NOW - 60_000);
    const times = shadowConditions(before, aHold('CrashBackoff'), NOW).map(({ lastTransitionTime }) => lastTransitionTime);
    expect(times).toEqual([ago(1), ago(1), ago(1), ago(0)]);
  });

  test.each([{ type: 'Drained' as const }, { status: 'True' as const }, { reason: 'UpdatePending' }, { message: 'Running 1.0.0' }])(
    'a condition that says otherwise in one thing, %j, is written',
    (change) => {
      const before = carrying(aShadow('a', {}, { current_version: '1.1.0' }), aHold('UpToDate'), NOW);
      const [first, ...others] = before.status?.conditions ?? [];
      if (before.status == null || first === undefined) throw new Error('no conditions');
      const edited = { ...before, status: { ...before.status, conditions: [{ ...first, ...change }, ...others] } };
      expect([carriesConditions(before, aHold('UpToDate')), carriesConditions(edited, aHold('UpToDate'))]).toEqual([true, false]);
    },
  );

  test('corrects conditions that were edited manually', () => {
    const before = carrying(aShadow('a'), aHold('UpToDate'), NOW);
    const edited = aShadow('a', {}, { ...before.status, conditions: before.status?.conditions?.slice(1) ?? [] });
    expect([carriesConditions(edited, aHold('NoFreeSlot')), conditionsOf(edited, aHold('NoFreeSlot'))]).toEqual([false, quiet]);
  });

  test('a shadow whose agent has not reported has no status to put conditions in', () => {
    expect(carriesConditions(aShadow('a', {}, null), aHold('NotReported'))).toBe(true);
  });
});

test('a condition quotes no more than the resource may contain, and is not rewritten for that', () => {
  const hold = aHold('UpdateCheckFailing', 'x'.repeat(300_000));
  const shadow = carrying(rebooting(), hold, NOW);
  const messages = shadow.status?.conditions?.map(({ message }) => message.length) ?? [];
  expect(Math.max(...messages)).toBe(LIMITS.conditionMessage);
  expect(carriesConditions(shadow, hold)).toBe(true);
});
