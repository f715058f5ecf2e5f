import { describe, expect, test } from '@jest/globals';
import type { ProgressStep, ShadowProgress, ShadowStatus } from '@brupop/crd-models';
import { NOW, WITHDRAWN, after, ago, expectAction, known, progress, spec, status } from './decide-action.fixture.ts';
import type { ActionRow } from './decide-action.fixture.ts';

describe('decideAction for RebootedIntoUpdate, before the drain', () => {
  const rebooting = spec('RebootedIntoUpdate');
  const staged = (more: Partial<ShadowStatus> = {}): ShadowStatus => status({ current_state: 'StagedAndPerformedUpdate', ...more });
  const at = (step: ProgressStep, more: Partial<ShadowProgress> = {}): ShadowStatus => staged({ progress: progress(step, more) });
  test.each<ActionRow>([
    {
      name: 'checks what is unhealthy before it begins',
      outcomes: [after('refresh')],
      kind: 'check-health',
    },
    {
      name: 'writes down that it drains, and what was unhealthy before',
      outcomes: [after('refresh'), after('check-health', { done: false, unhealthy: ['kube-system/csi'] })],
      kind: 'report',
      says: {
        progress: { step: 'Draining', boot_id: 'boot-1', version: '1.27.0', since: new Date(NOW).toISOString() },
        unhealthy_before: ['kube-system/csi'],
      },
    },
    {
      name: 'writes down no more than so much of what was unhealthy before',
      outcomes: [
        after('refresh'),
        after('check-health', { done: false, unhealthy: Array.from({ length: 25 }, (_, at) => `default/ds-${String(at)}`) }),
      ],
      kind: 'report',
      says: { unhealthy_before: Array.from({ length: 20 }, (_, at) => `default/ds-${String(at)}`) },
    },
    {
      name: 'begins although it is unknown what is unhealthy',
      outcomes: [after('refresh'), after('check-health', { done: false })],
      kind: 'report',
      says: { progress: expect.objectContaining({ step: 'Draining' }) as unknown as ShadowProgress, unhealthy_before: null },
    },
    {
      name: 'records the exclusion first, if the policy excludes',
      outcomes: [after('refresh'), after('check-health')],
      settings: { excludeFromLbWaitMs: 60_000 },
      kind: 'report',
      says: { progress: expect.objectContaining({ step: 'Excluding' }) as unknown as ShadowProgress },
    },
    {
      name: 'restores a node that is cordoned for an update to another version',
      status: at('Draining', { version: '1.26.5' }),
      kind: 'uncordon',
    },
    {
      name: 'and starts again for this version',
      status: at('Draining', { version: '1.26.5' }),
      outcomes: [after('uncordon'), after('remove-lb-exclusion'), after('refresh'), after('check-health')],
      kind: 'report',
      says: { progress: expect.objectContaining({ version: '1.27.0' }) as unknown as ShadowProgress },
    },
    { name: 'checks for updates before it begins', kind: 'refresh' },
    {
      name: 'checks for updates before it begins, unless it has just done so',
      outcomes: [after('refresh', { at: NOW - 120_000 })],
      kind: 'refresh',
    },
    {
      name: 'reports that it cannot check for updates, and does not begin',
      outcomes: [after('refresh', { done: false, message: 'no route' })],
      kind: 'report',
      says: {
        current_state: 'StagedAndPerformedUpdate',
        progress: null,
        failure_message: 'Checking before the drain that 1.27.0 is still offered: no route',
      },
    },
    {
      name: 'tries again to check for updates after a pause',
      status: staged({ failure_message: 'Checking before the drain that 1.27.0 is still offered: no route' }),
      outcomes: [after('refresh', { done: false, message: 'no route' })],
      kind: 'wait',
      waitMs: 14_000,
    },
    {
      name: 'gives up at the deadline of staging when it cannot check for updates, without blaming the version',
      spec: spec('RebootedIntoUpdate', { state_transition_timestamp: ago(86_400_000) }),
      outcomes: [after('refresh', { done: false, message: 'no route' })],
      kind: 'report',
      says: {
        current_state: 'ErrorReset',
        crash_count: 1,
        failed_versions: [],
        failure_message: 'Checking before the drain that 1.27.0 is still offered: no route',
      },
    },
    {
      name: 'deactivates what is no longer offered rather than to begin',
      host: known('Ready', { chosenVersion: undefined }),
      outcomes: [after('refresh')],
      kind: 'deactivate',
    },
    {
      name: 'and ends without a failure',
      host: known('Staged', { chosenVersion: undefined }),
      outcomes: [after('refresh'), after('deactivate')],
      kind: 'report',
      says: { ...WITHDRAWN, target_version: '1.26.1', crash_count: 0 },
    },
    {
      name: 'checks for updates before it fails if the host would install another version: the agent may have restarted after deactivating',
      host: known('Staged', { chosenVersion: undefined }),
      kind: 'refresh',
    },
    {
      name: 'does not begin when a newer version is offered',
      host: known('Staged', { chosenVersion: '1.28.0' }),
      outcomes: [after('refresh'), after('deactivate')],
      kind: 'report',
      says: { ...WITHDRAWN, target_version: '1.28.0' },
    },
    {
      name: 'does not begin if the bootloader would try the running version',
      host: known('Ready', { bootsStaged: false }),
      outcomes: [after('refresh')],
      kind: 'report',
      says: { current_state: 'ErrorReset', failed_versions: [] },
    },
    { name: 'does not begin while the host is busy', host: { kind: 'busy' }, kind: 'wait', waitMs: 5_000 },
    {
      name: 'fails when the host stays busy before the drain',
      spec: spec('RebootedIntoUpdate', { state_transition_timestamp: ago(86_400_000) }),
      host: { kind: 'busy' },
      kind: 'report',
      says: { current_state: 'ErrorReset', failed_versions: [], failure_message: 'The host was still busy at the deadline' },
    },
    {
      name: 'does not begin if the host is not ready',
      host: known('Staged'),
      kind: 'report',
      says: { current_state: 'ErrorReset', failed_versions: [] },
    },
    {
      name: 'does not begin if the host would boot another version',
      host: known('Ready', { stagedVersion: '1.28.0' }),
      kind: 'report',
      says: { current_state: 'ErrorReset' },
    },
    {
      name: 'does not begin if the host would boot an unknown version',
      host: known('Ready', { stagedVersion: undefined }),
      kind: 'report',
      says: { current_state: 'ErrorReset' },
    },
    {
      name: 'does not begin if the host has lost what was staged',
      status: staged({ boot_id: undefined } as unknown as Partial<ShadowStatus>),
      host: { kind: 'uninitialized' },
      kind: 'report',
      says: { current_state: 'ErrorReset', failed_versions: [] },
    },
    {
      name: 'blames the version if someone else has rebooted without success',
      bootId: 'boot-2',
      host: { kind: 'uninitialized' },
      kind: 'report',
      says: {
        current_state: 'ErrorReset',
        failed_versions: [{ version: '1.27.0', failures: 1, last_failure_timestamp: new Date(NOW).toISOString() }],
      },
    },
    {
      name: 'continues an update of Brupop 1.x, although an agent of this release had reported an earlier boot before that one came',
      outcomes: [after('refresh'), after('check-health')],
      bootId: 'boot-2',
      kind: 'report',
      says: {
        progress: expect.objectContaining({ step: 'Draining', boot_id: 'boot-2' }) as unknown as ShadowProgress,
        failed_versions: [],
      },
    },
    {
      name: 'does not blame the version if someone else has rebooted into yet another',
      version: '1.28.0',
      bootId: 'boot-2',
      host: { kind: 'uninitialized' },
      kind: 'report',
      says: { current_state: 'ErrorReset', failed_versions: [] },
    },
    {
      name: 'begins on a node that has been rebooted while it was idle',
      outcomes: [after('refresh'), after('check-health')],
      status: status(),
      bootId: 'boot-2',
      kind: 'report',
      says: { progress: expect.objectContaining({ step: 'Draining', boot_id: 'boot-2' }) as unknown as ShadowProgress },
    },
    {
      name: 'never drains again after the version had run',
      status: status({ current_state: 'RebootedIntoUpdate', current_version: '1.27.0' }),
      bootId: 'boot-2',
      kind: 'report',
      says: { current_state: 'ErrorReset' },
    },
    {
      name: 'works on a shadow without status',
      outcomes: [after('refresh'), after('check-health')],
      status: null,
      kind: 'report',
      says: { progress: expect.objectContaining({ step: 'Draining' }) as unknown as ShadowProgress },
    },
  ])('$name', (row) => {
    expectAction({ spec: rebooting, host: known('Ready'), ...row, status: row.status === undefined ? staged() : row.status });
  });
});
