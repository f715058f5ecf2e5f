import type { BottlerocketShadow, ProgressStep, ShadowState, ShadowStatus } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { ago, aShadow, MINUTE, NOW } from './fleet.fixture.ts';
import { phaseAt, phaseEnded } from './phases.ts';
import type { EndedPhase, UpdatePhase } from './phases.ts';

const desired = (state: ShadowState, status: Partial<ShadowStatus> = {}, minutes = 1): BottlerocketShadow =>
  aShadow('a', { state, version: state === 'Idle' ? null : '1.1.0', state_transition_timestamp: ago(minutes) }, status);
const doing = (step: ProgressStep, minutes: number, status: Partial<ShadowStatus> = {}): BottlerocketShadow =>
  desired('RebootedIntoUpdate', {
    current_state: 'StagedAndPerformedUpdate',
    progress: { step, since: ago(minutes), boot_id: 'b', version: '1.1.0' },
    ...status,
  });
const reached = (state: ShadowState): BottlerocketShadow => desired(state, { current_state: state });

describe(phaseAt, () => {
  test.each<{ name: string; shadow: BottlerocketShadow; phase: UpdatePhase | undefined }>([
    { name: 'an idle node', shadow: desired('Idle'), phase: undefined },
    { name: 'a node that stages', shadow: desired('StagedAndPerformedUpdate'), phase: 'stage' },
    {
      name: 'a node that stages again after a failure',
      shadow: desired('StagedAndPerformedUpdate', { failure_message: 'x' }),
      phase: 'stage',
    },
    { name: 'a staged node', shadow: reached('StagedAndPerformedUpdate'), phase: undefined },
    { name: 'a node that leaves the load balancers', shadow: doing('Excluding', 1), phase: 'exclude' },
    { name: 'a node that drains', shadow: doing('Draining', 1), phase: 'drain' },
    { name: 'a node that reboots', shadow: doing('Rebooting', 1), phase: 'reboot' },
    { name: 'a node that has come back', shadow: doing('Returning', 1), phase: 'return' },
    { name: 'a node that is restored after a failure', shadow: doing('Returning', 1, { failure_message: 'x' }), phase: undefined },
    { name: 'a node that is watched', shadow: desired('MonitoringUpdate', { current_state: 'RebootedIntoUpdate' }), phase: 'monitor' },
    { name: 'a node that soaks', shadow: reached('MonitoringUpdate'), phase: 'monitor' },
    { name: 'a node that has failed', shadow: desired('StagedAndPerformedUpdate', { current_state: 'ErrorReset' }), phase: undefined },
    { name: 'a time that cannot be read', shadow: doing('Draining', -6000), phase: undefined },
  ])('$name: $phase', ({ shadow, phase }) => {
    expect(phaseAt(shadow, NOW)?.phase).toBe(phase);
  });
});

describe(phaseEnded, () => {
  test.each<{ name: string; before: UpdatePhase; after: BottlerocketShadow; minutes: number | undefined }>([
    { name: 'staging ends with the report', before: 'stage', after: reached('StagedAndPerformedUpdate'), minutes: 9 },
    {
      name: 'a download that continues has not ended',
      before: 'stage',
      after: desired('StagedAndPerformedUpdate', {}, 9),
      minutes: undefined,
    },
    { name: 'a step ends when the next begins', before: 'drain', after: doing('Rebooting', 2), minutes: 7 },
    { name: 'a step whose end was not seen is not measured', before: 'drain', after: doing('Returning', 2), minutes: undefined },
    {
      name: 'a drain that was given up is not measured',
      before: 'drain',
      after: doing('Returning', 2, { failure_message: 'x' }),
      minutes: undefined,
    },
    { name: 'coming back ends with the report', before: 'return', after: reached('RebootedIntoUpdate'), minutes: 9 },
    {
      name: 'monitoring ends when the controller says so',
      before: 'monitor',
      after: desired('Idle', { current_state: 'MonitoringUpdate' }),
      minutes: 9,
    },
    { name: 'monitoring ends even if the agent was faster than the controller', before: 'monitor', after: desired('Idle'), minutes: 9 },
    { name: 'a failure ends nothing', before: 'stage', after: desired('Idle', { current_state: 'ErrorReset' }), minutes: undefined },
    { name: 'an update that was canceled ends nothing', before: 'stage', after: desired('Idle'), minutes: undefined },
  ])('$name', ({ before, after, minutes }) => {
    const expected: EndedPhase | undefined = minutes === undefined ? undefined : { phase: before, ms: minutes * MINUTE };
    expect(phaseEnded({ phase: before, since: NOW - 9 * MINUTE }, after, NOW)).toEqual(expected);
  });

  test('clocks that differ give no negative time', () => {
    expect(phaseEnded({ phase: 'drain', since: NOW }, doing('Rebooting', 1), NOW)).toEqual({ phase: 'drain', ms: 0 });
  });
});
