import { describe, expect, test } from '@jest/globals';
import { NOW, after, expectAction, spec, status } from './decide-action.fixture.ts';
import type { ActionRow } from './decide-action.fixture.ts';

describe('decideAction for MonitoringUpdate', () => {
  const monitoring = spec('MonitoringUpdate');
  const rebooted = status({ current_state: 'RebootedIntoUpdate', current_version: '1.27.0', crash_count: 3 });
  test.each<ActionRow>([
    { name: 'checks the health', kind: 'check-health' },
    { name: 'checks again after a pause', outcomes: [after('check-health', { done: false })], kind: 'wait', waitMs: 14_000 },
    {
      name: 'is done when the node is healthy, and forgets failures',
      outcomes: [after('check-health')],
      kind: 'report',
      says: { current_state: 'MonitoringUpdate', crash_count: 0 },
    },
    {
      name: 'keeps looking for as long as it must',
      settings: { soakMs: 60_000 },
      outcomes: [after('check-health', { since: NOW - 50_000, at: NOW - 15_000 })],
      kind: 'check-health',
    },
    {
      name: 'is done after the soak',
      settings: { soakMs: 60_000 },
      outcomes: [after('check-health', { since: NOW - 60_000 })],
      kind: 'report',
      says: { current_state: 'MonitoringUpdate' },
    },
    {
      name: 'reports nothing of pods that are still starting',
      outcomes: [after('check-health', { done: false, since: NOW - 59_000 })],
      kind: 'wait',
    },
    {
      name: 'reports what has been unhealthy for a minute, and goes on',
      outcomes: [after('check-health', { done: false, since: NOW - 60_000, message: 'Pod kube-system/cni-1 is not Ready' })],
      kind: 'report',
      says: {
        current_state: 'RebootedIntoUpdate',
        crash_count: 3,
        failure_message: 'The node is not healthy on 1.27.0: Pod kube-system/cni-1 is not Ready',
      },
    },
    {
      name: 'says the same only once',
      status: { ...rebooted, failure_message: 'The node is not healthy on 1.27.0: so it was' },
      outcomes: [after('check-health', { done: false, since: NOW - 120_000 })],
      kind: 'wait',
    },
    {
      name: 'takes it back while the node has to be healthy for longer',
      settings: { soakMs: 60_000 },
      status: { ...rebooted, failure_message: 'The node is not healthy on 1.27.0: so it was' },
      outcomes: [after('check-health', { since: NOW - 1_000 })],
      kind: 'report',
      says: { current_state: 'RebootedIntoUpdate', failure_message: null },
    },
    {
      name: 'goes on until its deadline, which the soak time puts off',
      settings: { soakMs: 60_000 },
      specAgeMs: 599_999,
      outcomes: [after('check-health', { done: false })],
      kind: 'wait',
    },
    {
      name: 'past its deadline fails, and blames the version',
      settings: { soakMs: 60_000 },
      specAgeMs: 600_000,
      outcomes: [after('check-health', { done: false, message: 'Pod kube-system/cni-1 is not Ready' })],
      kind: 'report',
      says: {
        current_state: 'ErrorReset',
        crash_count: 4,
        failure_message: 'The node is not healthy on 1.27.0: Pod kube-system/cni-1 is not Ready',
        failed_versions: [{ version: '1.27.0', failures: 1, last_failure_timestamp: new Date(NOW).toISOString() }],
      },
    },
    {
      name: 'past its deadline lets a node that is healthy have its soak time',
      settings: { soakMs: 60_000 },
      specAgeMs: 700_000,
      outcomes: [after('check-health', { since: NOW - 1_000 })],
      kind: 'wait',
    },
    {
      name: 'keeps what was unhealthy before for as long as it is looked at',
      status: { ...rebooted, unhealthy_before: ['kube-system/csi'] },
      outcomes: [after('check-health')],
      kind: 'report',
      says: { unhealthy_before: ['kube-system/csi'] },
    },
    {
      name: 'shortens what it reports',
      outcomes: [after('check-health', { done: false, since: NOW - 60_000, message: 'x'.repeat(9_000) })],
      kind: 'report',
      says: { failure_message: expect.stringMatching(/^.{1,1024}$/) as unknown as string },
    },
    {
      name: 'fails if the host runs something else',
      version: '1.26.1',
      kind: 'report',
      says: {
        current_state: 'ErrorReset',
        crash_count: 4,
        failed_versions: [{ version: '1.27.0', failures: 1, last_failure_timestamp: new Date(NOW).toISOString() }],
      },
    },
    {
      name: 'waits for the controller when done',
      status: status({ current_state: 'MonitoringUpdate', current_version: '1.27.0' }),
      kind: 'wait',
      waitMs: null,
    },
  ])('$name', (row) => {
    expectAction({ spec: monitoring, status: rebooted, version: '1.27.0', host: { kind: 'uninitialized' }, ...row });
  });
});
