import type { ShadowSpec, ShadowState, ShadowStatus } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { specChange } from './changes.ts';
import { failureOf } from './failures.ts';
import { ago, aShadow, NOW } from './fleet.fixture.ts';
import type { ChangeReason } from './reasons.ts';

const desired = (state: ShadowState): ShadowSpec => ({ state, version: '1.1.0', state_transition_timestamp: ago(10) });
const blamed = (version: string, minutes: number): Partial<ShadowStatus> => ({
  failed_versions: [{ version, failures: 1, last_failure_timestamp: ago(minutes) }],
});

describe(failureOf, () => {
  test.each<{ name: string; reason: ChangeReason; spec: ShadowSpec; status?: Partial<ShadowStatus>; expected: string | undefined }>([
    { name: 'a finished update', reason: 'UpdateFinished', spec: desired('MonitoringUpdate'), expected: undefined },
    { name: 'an update without progress', reason: 'GivenUp', spec: desired('StagedAndPerformedUpdate'), expected: 'DeadlinePassed' },
    { name: 'a failed download', reason: 'ResetAfterError', spec: desired('StagedAndPerformedUpdate'), expected: 'StagingFailed' },
    { name: 'a failed drain or reboot', reason: 'ResetAfterError', spec: desired('RebootedIntoUpdate'), expected: 'RebootFailed' },
    { name: 'an unhealthy node', reason: 'ResetAfterError', spec: desired('MonitoringUpdate'), expected: 'MonitoringFailed' },
    {
      name: 'a version that did not boot',
      reason: 'ResetAfterError',
      spec: desired('RebootedIntoUpdate'),
      status: blamed('1.1.0', 2),
      expected: 'VersionFailed',
    },
    {
      name: 'a version that was to blame for an earlier attempt only',
      reason: 'ResetAfterError',
      spec: desired('RebootedIntoUpdate'),
      status: blamed('1.1.0', 20),
      expected: 'RebootFailed',
    },
    {
      name: 'another version that is to blame',
      reason: 'ResetAfterError',
      spec: desired('RebootedIntoUpdate'),
      status: blamed('1.2.0', 2),
      expected: 'RebootFailed',
    },
    {
      name: 'a version on which the node was not healthy',
      reason: 'ResetAfterError',
      spec: desired('MonitoringUpdate'),
      status: { ...blamed('1.1.0', 2), current_version: '1.1.0' },
      expected: 'MonitoringFailed',
    },
    {
      name: 'a version that the host left while it was monitored',
      reason: 'ResetAfterError',
      spec: desired('MonitoringUpdate'),
      status: blamed('1.1.0', 2),
      expected: 'VersionFailed',
    },
    { name: 'monitoring that was given up', reason: 'GivenUp', spec: desired('MonitoringUpdate'), expected: 'MonitoringFailed' },
    { name: 'a reset that a user requested', reason: 'ResetAfterError', spec: desired('ErrorReset'), expected: undefined },
  ])('$name: $expected', ({ reason, spec, status, expected }) => {
    const shadow = aShadow('a', spec, status);
    expect(failureOf(specChange({ node: 'a', shadow }, 'Idle', null, NOW, reason, 'm'), shadow, NOW)).toBe(expected);
  });
});
