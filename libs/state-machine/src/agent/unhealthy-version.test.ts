import { describe, test } from '@jest/globals';
import { NOTHING_NEWER, NOW, after, ago, expectAction, known, spec, status } from './decide-action.fixture.ts';
import type { ActionRow } from './decide-action.fixture.ts';

describe('decideAction for Idle, on a version on which the node was not healthy', () => {
  const idle = status({ current_version: '1.27.0', target_version: '1.27.0', update_check: NOTHING_NEWER });
  const failedVersions = [{ version: '1.27.0', failures: 1, last_failure_timestamp: ago(60_000) }];
  const unhealthy = {
    ...idle,
    crash_count: 1,
    state_transition_failure_timestamp: ago(60_000),
    failed_versions: failedVersions,
    failure_message: 'The node is not healthy on 1.27.0: x',
    unhealthy_before: ['kube-system/csi'],
  };
  const nothingNewer = known('Idle', {
    chosenVersion: '1.27.0',
    mostRecentCommand: { type: 'refresh', succeeded: true, timestamp: 't', message: '' },
    listedVersions: ['1.27.0'],
  });
  const givenUp = spec('Idle', { version: '1.27.0' });
  test.each<ActionRow>([
    { name: 'checks whether it has become so', kind: 'check-health' },
    {
      name: 'keeps the failure regardless of what a refresh finds, and checks again after five minutes',
      outcomes: [after('check-health', { done: false })],
      lastCheckedAt: NOW,
      settings: { updateCheckIntervalMs: 3_600_000 },
      kind: 'wait',
      waitMs: 299_000,
    },
    { name: 'checks again', outcomes: [after('check-health', { done: false, at: NOW - 300_000 })], kind: 'check-health' },
    {
      name: 'checks again when the clock has been set back',
      outcomes: [after('check-health', { done: false, at: NOW + 1 })],
      kind: 'check-health',
    },
    {
      name: 'forgets the failure once the node is healthy',
      outcomes: [after('check-health')],
      kind: 'report',
      says: { crash_count: 0, failed_versions: [], failure_message: null, unhealthy_before: null },
    },
    {
      name: 'reports the end of the failed update before it checks again',
      status: { ...unhealthy, current_state: 'ErrorReset' },
      outcomes: [after('uncordon'), after('remove-lb-exclusion')],
      kind: 'report',
      says: { current_state: 'Idle', crash_count: 1, failed_versions: failedVersions, unhealthy_before: ['kube-system/csi'] },
    },
    {
      name: 'after the controller has given its monitoring up, checks the health of the node',
      spec: givenUp,
      status: { ...idle, current_state: 'MonitoringUpdate' },
      kind: 'check-health',
    },
    {
      name: 'and blames the version if the node is not healthy',
      spec: givenUp,
      status: { ...idle, current_state: 'MonitoringUpdate' },
      outcomes: [after('check-health', { done: false, message: 'Pod kube-system/cni-1 is not Ready' })],
      kind: 'report',
      says: {
        current_state: 'Idle',
        crash_count: 1,
        failed_versions: [{ version: '1.27.0', failures: 1, last_failure_timestamp: new Date(NOW).toISOString() }],
        failure_message: 'The node is not healthy on 1.27.0: Pod kube-system/cni-1 is not Ready',
      },
    },
    {
      name: 'and blames nothing if it is',
      spec: givenUp,
      status: { ...idle, current_state: 'MonitoringUpdate' },
      outcomes: [after('check-health')],
      kind: 'report',
      says: { current_state: 'Idle', crash_count: 0, failed_versions: [] },
    },
  ])('$name', (row) => {
    expectAction({ status: unhealthy, version: '1.27.0', host: nothingNewer, ...row });
  });
});
