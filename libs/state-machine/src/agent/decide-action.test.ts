import { describe, expect, test } from '@jest/globals';
import type { ProgressStep, ShadowProgress, ShadowSpec, ShadowStatus, ShadowUpdateCheck } from '@brupop/crd-models';
import { decideAction } from './decide-action.ts';
import { DEFAULT_AGENT_SETTINGS } from './types.ts';
import type { Action, AgentObservation, AgentStep, CheckTrouble, HostUpdateState, HostUpdateStatus, StepOutcome } from './types.ts';
import { followChecks } from './update-check.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const SETTINGS = { ...DEFAULT_AGENT_SETTINGS, drainTimeoutMs: 900_000 };
const ago = (ms: number): string => new Date(NOW - ms).toISOString();

const SLOW = 'Pod default/db-0 is ending; its grace period ends at 2026-01-05T13:00:00Z';
const BLOCKED = { reason: 'DisruptionBudget', message: 'PodDisruptionBudget default/web allows no disruption of pod default/web-0' };

const spec = (state: ShadowSpec['state'], more: Partial<ShadowSpec> = {}): ShadowSpec => ({
  state,
  version: state === 'Idle' ? null : '1.27.0',
  state_transition_timestamp: ago(60_000),
  ...more,
});

const CHECKED: ShadowUpdateCheck = {
  result: 'UpdateAvailable',
  checked_at: ago(600_000),
  since: ago(3_600_000),
  reason: null,
  message: null,
  interval_seconds: 120,
  newest_listed: null,
};
const NOTHING_NEWER: ShadowUpdateCheck = { ...CHECKED, result: 'NothingNewer' };
const FAILING: ShadowUpdateCheck = { ...CHECKED, result: 'Failing', reason: 'RefreshFailed', message: 'no route' };

const status = (more: Partial<ShadowStatus> = {}): ShadowStatus => ({
  update_check: more.target_version === '1.26.1' ? NOTHING_NEWER : CHECKED,
  current_version: '1.26.1',
  target_version: '1.27.0',
  current_state: 'Idle',
  crash_count: 0,
  state_transition_failure_timestamp: null,
  progress: null,
  failed_versions: [],
  boot_id: 'boot-1',
  failure_message: null,
  ...more,
});

const failingStatus = (message: string): ShadowStatus =>
  status({
    target_version: '1.26.1',
    failure_message: `The host cannot check for updates: ${message}`,
    update_check: { ...FAILING, message },
  });

const progress = (step: ProgressStep, more: Partial<ShadowProgress> = {}): ShadowProgress => ({
  step,
  since: ago(10_000),
  boot_id: 'boot-1',
  version: '1.27.0',
  ...more,
});

const known = (updateState: HostUpdateState, more: Partial<Extract<HostUpdateStatus, { kind: 'known' }>> = {}): HostUpdateStatus => ({
  kind: 'known',
  updateState,
  ...(updateState === 'Idle' ? {} : { chosenVersion: '1.27.0' }),
  ...(updateState === 'Staged' || updateState === 'Ready' ? { stagedVersion: '1.27.0' } : {}),
  ...more,
});

const after = (step: AgentStep, more: Partial<StepOutcome> = {}): StepOutcome => ({
  step,
  at: NOW - 1_000,
  done: true,
  message: 'so it was',
  ...more,
});

const FAILED_REFRESH = { type: 'refresh', succeeded: false, timestamp: ago(1_000), exitStatus: 1, message: 'no route' };

/** Of an update that ends because its version is no longer offered: no count goes up, and no version is remembered. */
const WITHDRAWN: Partial<ShadowStatus> = { current_state: 'ErrorReset', progress: null, failed_versions: [], failure_message: null };

/** A host whose last command was a download that it calls a success. */
const downloaded = (message: string): HostUpdateStatus =>
  known('Staged', { mostRecentCommand: { type: 'prepare', succeeded: true, timestamp: ago(1_000), exitStatus: 0, message } });

const failedToActivate = {
  mostRecentCommand: { type: 'activate', succeeded: false, timestamp: ago(1_000), exitStatus: 1, message: 'no image' },
};

interface Given {
  readonly spec?: ShadowSpec;
  readonly status?: ShadowStatus | null;
  readonly version?: string;
  readonly host?: HostUpdateStatus;
  readonly bootId?: string;
  readonly outcomes?: readonly StepOutcome[];
  readonly lastCheckedAt?: number;
  /** What this process has downloaded; 1.27.0 unless given. */
  readonly downloaded?: string | null;
  readonly specAgeMs?: number;
  readonly settings?: Partial<AgentObservation['settings']>;
  /** What has kept the host from checking for updates. */
  readonly trouble?: CheckTrouble;
}

function decide(given: Given): Action {
  const observed: AgentObservation = {
    shadow: { spec: given.spec ?? spec('Idle'), status: given.status === undefined ? status() : given.status },
    host: { version: given.version ?? '1.26.1', status: given.host ?? known('Available') },
    bootId: given.bootId ?? 'boot-1',
    now: NOW,
    settings: { ...SETTINGS, ...given.settings },
    lastCheckedAt: given.lastCheckedAt ?? NOW - 1_000,
    downloaded: given.downloaded === undefined ? '1.27.0' : (given.downloaded ?? undefined),
    specAgeMs: given.specAgeMs,
    ...(given.outcomes === undefined ? {} : { outcomes: given.outcomes }),
  };
  return decideAction({ ...observed, checks: followChecks({ trouble: given.trouble }, observed) });
}

interface Row extends Given {
  readonly name: string;
  readonly kind: Action['kind'];
  /** Of a report: what it must say at least. */
  readonly says?: Partial<ShadowStatus>;
  /** Of a wait: milliseconds from now; null: until the shadow changes. */
  readonly waitMs?: number | null;
}

function check({ kind, says, waitMs, ...given }: Row): void {
  const action = decide(given);
  expect(action.kind).toBe(kind);
  expect(action.reason).not.toBe('');
  if (says !== undefined) expect(action).toMatchObject({ status: says });
  if (waitMs !== undefined) expect('until' in action ? (action.until ?? NaN) - NOW : null).toBe(waitMs);
}

describe('decideAction for Idle', () => {
  test.each<Row>([
    { name: 'says nothing new when nothing is new', kind: 'wait', waitMs: 119_000 },
    { name: 'looks for updates when the interval has passed', lastCheckedAt: NOW - 120_000, kind: 'refresh' },
    { name: 'looks for updates when the wall clock has jumped back', lastCheckedAt: NOW + 3_600_000, kind: 'refresh' },
    { name: 'does not look for updates while the host is busy', host: { kind: 'busy' }, lastCheckedAt: 0, kind: 'wait', waitMs: 5_000 },
    {
      name: 'reports a new shadow even if the host could not look',
      status: null,
      host: { kind: 'uninitialized' },
      kind: 'report',
      says: { current_state: 'Idle', current_version: '1.26.1', target_version: '1.26.1', crash_count: 0, boot_id: 'boot-1' },
    },
    {
      name: 'reports even while the host is busy',
      status: null,
      host: { kind: 'busy' },
      kind: 'report',
      says: { target_version: '1.26.1' },
    },
    { name: 'keeps the known target while the host is busy', host: { kind: 'busy' }, kind: 'wait' },
    {
      name: 'takes the chosen version for the target, also a lower one',
      host: known('Available', { chosenVersion: '1.25.0' }),
      kind: 'report',
      says: { target_version: '1.25.0' },
    },
    {
      name: 'takes its own version for the target when what is staged is no longer offered',
      host: known('Staged', { chosenVersion: undefined }),
      kind: 'report',
      says: { target_version: '1.26.1' },
    },
    {
      name: 'takes its own version for the target when what somebody has made ready is no longer offered',
      host: known('Ready', { chosenVersion: undefined, stagedVersion: '1.28.0' }),
      kind: 'report',
      says: { target_version: '1.26.1' },
    },
    {
      name: 'clears failures when what is staged is no longer offered',
      status: status({ crash_count: 8, failure_message: 'The drain did not finish before the deadline: web' }),
      host: known('Staged', { chosenVersion: undefined }),
      kind: 'report',
      says: { crash_count: 0, failure_message: null },
    },
    {
      name: 'keeps failures while what is staged is offered',
      status: status({ crash_count: 8, failure_message: 'The drain did not finish before the deadline: web' }),
      host: known('Staged'),
      kind: 'wait',
    },
    {
      name: 'takes its own version for the target when the host knows no other',
      host: known('Staged', { chosenVersion: undefined, stagedVersion: undefined }),
      kind: 'report',
      says: { target_version: '1.26.1' },
    },
    {
      name: 'does not trust a chosen version that no check accounts for',
      host: known('Idle', { chosenVersion: '1.27.0' }),
      kind: 'report',
      says: { target_version: '1.26.1' },
    },
    {
      name: 'lets the last offer stand when one check fails, whatever the host makes of it',
      host: known('Idle', { chosenVersion: '1.27.0', mostRecentCommand: FAILED_REFRESH }),
      outcomes: [after('refresh', { done: false, message: 'no route' })],
      kind: 'wait',
    },
    {
      name: 'takes the offer back once no check has succeeded for half an hour',
      host: known('Idle', { chosenVersion: '1.27.0', mostRecentCommand: FAILED_REFRESH }),
      outcomes: [after('refresh', { done: false, message: 'no route' })],
      trouble: { problem: 'RefreshFailed', message: 'no route', since: NOW - 1_800_000 },
      kind: 'report',
      says: { target_version: '1.26.1', update_check: { ...FAILING, since: ago(0) } },
    },
    { name: 'leaves alone what an administrator has made ready', host: known('Ready'), kind: 'wait' },
    {
      name: 'clears failures when a refresh proves that there is nothing newer',
      status: status({
        crash_count: 4,
        target_version: '1.26.1',
        state_transition_failure_timestamp: ago(1),
        failure_message: 'x',
        failed_versions: [{ version: '1.27.0', failures: 2, last_failure_timestamp: ago(1) }],
      }),
      host: known('Idle', {
        mostRecentCommand: { type: 'refresh', succeeded: true, timestamp: 't', message: '' },
        listedVersions: ['1.26.1'],
      }),
      kind: 'report',
      says: {
        crash_count: 0,
        state_transition_failure_timestamp: null,
        failure_message: null,
        failed_versions: [{ version: '1.27.0', failures: 2, last_failure_timestamp: ago(1) }],
      },
    },
    {
      name: 'keeps failures when the updater has printed what the host cannot read',
      status: status({ crash_count: 4, target_version: '1.26.1' }),
      host: known('Idle', { mostRecentCommand: { type: 'refresh', succeeded: true, timestamp: 't', message: '' }, listedVersions: [] }),
      kind: 'wait',
    },
    {
      name: 'keeps failures when it does not know the update state',
      status: status({ crash_count: 4, target_version: '1.26.1' }),
      host: known('Unknown', { chosenVersion: undefined, unknownState: 'Foo' }),
      kind: 'wait',
    },
    {
      name: 'keeps failures when the refresh failed',
      status: status({ crash_count: 4, target_version: '1.26.1' }),
      host: known('Idle', { mostRecentCommand: { type: 'refresh', succeeded: false, timestamp: 't', message: '' } }),
      kind: 'wait',
    },
    {
      name: 'keeps failures when the last command was another',
      status: status({ crash_count: 4, target_version: '1.26.1' }),
      host: known('Idle', { mostRecentCommand: { type: 'prepare', succeeded: true, timestamp: 't', message: '' } }),
      kind: 'wait',
    },
    {
      name: 'keeps failures when a newer version is still chosen',
      status: status({ crash_count: 4, target_version: '1.26.1' }),
      host: known('Idle', {
        chosenVersion: '1.27.0',
        mostRecentCommand: { type: 'refresh', succeeded: true, timestamp: 't', message: '' },
      }),
      kind: 'wait',
    },
    {
      name: 'clears failures when the host has chosen what it runs',
      status: status({ crash_count: 4, target_version: '1.26.1' }),
      host: known('Available', { chosenVersion: '1.26.1' }),
      kind: 'report',
      says: { crash_count: 0 },
    },
    {
      name: 'tells of a host that has not been able to look for updates for long',
      status: status({ target_version: '1.26.1' }),
      host: known('Idle'),
      outcomes: [after('refresh', { done: false, message: 'no route' })],
      trouble: { problem: 'RefreshFailed', message: 'no route', since: NOW - 1_800_000 },
      kind: 'report',
      says: {
        current_state: 'Idle',
        crash_count: 0,
        failure_message: 'The host cannot check for updates: no route',
        update_check: { ...FAILING, since: ago(0) },
      },
    },
    {
      name: 'says nothing of one that may look again soon',
      status: status({ target_version: '1.26.1' }),
      host: known('Idle'),
      outcomes: [after('refresh', { done: false })],
      trouble: { problem: 'RefreshFailed', message: 'no route', since: NOW - 1_799_999 },
      kind: 'wait',
    },
    {
      name: 'goes on to tell of it, by the first message',
      status: failingStatus(`no route ${'x'.repeat(200)} 1`),
      host: known('Idle'),
      outcomes: [after('refresh', { done: false, message: `no route ${'x'.repeat(200)} 2` })],
      trouble: { problem: 'RefreshFailed', message: 'no route', since: 0 },
      kind: 'wait',
    },
    {
      name: 'tells of another message',
      status: failingStatus('no route'),
      host: known('Idle'),
      outcomes: [after('refresh', { done: false, message: 'no name server' })],
      trouble: { problem: 'RefreshFailed', message: 'no route', since: 0 },
      kind: 'report',
      says: {
        failure_message: 'The host cannot check for updates: no name server',
        update_check: { ...FAILING, message: 'no name server' },
      },
    },
    { name: 'goes on to tell of it after a restart', status: failingStatus('no route'), host: known('Idle'), kind: 'wait' },
    {
      name: 'goes on to tell of it after a restart and one more failure',
      status: failingStatus('no route'),
      host: known('Idle'),
      outcomes: [after('refresh', { done: false, message: 'no route' })],
      kind: 'wait',
    },
    {
      name: 'tells that nothing is known yet after a boot',
      status: status({ target_version: '1.26.1' }),
      bootId: 'boot-2',
      host: { kind: 'uninitialized' },
      kind: 'report',
      says: { target_version: '1.26.1', update_check: { ...CHECKED, result: 'NotChecked', checked_at: null, since: ago(0) } },
    },
    {
      name: 'tells again after an hour when the host last checked',
      status: status({ target_version: '1.26.1', update_check: { ...NOTHING_NEWER, checked_at: ago(3_600_000) } }),
      host: known('Idle', { mostRecentCommand: { type: 'refresh', succeeded: true, timestamp: ago(0), message: '' } }),
      kind: 'report',
      says: { update_check: { ...NOTHING_NEWER, checked_at: ago(0) } },
    },
    {
      name: 'does not tell earlier when the host last checked',
      status: status({ target_version: '1.26.1', update_check: { ...NOTHING_NEWER, checked_at: ago(3_599_999) } }),
      host: known('Idle', { mostRecentCommand: { type: 'refresh', succeeded: true, timestamp: ago(0), message: '' } }),
      kind: 'wait',
    },
    {
      name: 'tells what a version lock or a wave holds back',
      status: status({ target_version: '1.26.1' }),
      host: known('Idle', {
        mostRecentCommand: { type: 'refresh', succeeded: true, timestamp: ago(0), message: '' },
        listedVersions: ['1.27.0', '1.9.0', '1.26.1'],
      }),
      kind: 'report',
      says: { target_version: '1.26.1', update_check: { ...NOTHING_NEWER, checked_at: ago(0), newest_listed: '1.27.0' } },
    },
    {
      name: 'goes on to tell why an update failed, beside why the host cannot check',
      status: status({ target_version: '1.26.1', crash_count: 1, failure_message: 'no disk' }),
      host: known('Idle'),
      outcomes: [after('refresh', { done: false, message: 'no route' })],
      trouble: { problem: 'RefreshFailed', message: 'no route', since: 0 },
      kind: 'report',
      says: { failure_message: 'no disk', update_check: { ...FAILING, since: ago(0) } },
    },
    {
      name: 'takes it back when the host has found an update',
      status: failingStatus('no route'),
      host: known('Available', { mostRecentCommand: { type: 'refresh', succeeded: true, timestamp: ago(0), message: '' } }),
      outcomes: [after('refresh')],
      kind: 'report',
      says: { target_version: '1.27.0', failure_message: null, update_check: { ...CHECKED, checked_at: ago(1_000), since: ago(0) } },
    },
    { name: 'reports another boot', bootId: 'boot-2', kind: 'report', says: { boot_id: 'boot-2' } },
    { name: 'uncordons after a failure', status: status({ current_state: 'ErrorReset' }), kind: 'uncordon' },
    { name: 'uncordons what was being drained', status: status({ progress: progress('Draining') }), kind: 'uncordon' },
    {
      name: 'waits a little before it asks again to uncordon',
      status: status({ progress: progress('Draining') }),
      outcomes: [after('uncordon', { done: false, retryAfterMs: 3_000 })],
      kind: 'wait',
      waitMs: 2_000,
    },
    {
      name: 'asks again when the wall clock has jumped back',
      status: status({ progress: progress('Draining') }),
      outcomes: [after('uncordon', { done: false, at: NOW + 3_600_000 })],
      kind: 'uncordon',
    },
    {
      name: 'removes the exclusion after it has uncordoned',
      status: status({ current_state: 'ErrorReset' }),
      outcomes: [after('uncordon')],
      kind: 'remove-lb-exclusion',
    },
    {
      name: 'deactivates what it had made ready itself',
      status: status({ current_state: 'ErrorReset' }),
      host: known('Ready'),
      outcomes: [after('uncordon'), after('remove-lb-exclusion')],
      kind: 'deactivate',
    },
    {
      name: 'knows what it had made ready from the progress',
      status: status({ target_version: '1.28.0', progress: progress('Draining') }),
      host: known('Ready'),
      outcomes: [after('uncordon'), after('remove-lb-exclusion')],
      kind: 'deactivate',
    },
    {
      name: 'leaves alone what somebody else has made ready meanwhile',
      status: status({ current_state: 'ErrorReset' }),
      host: known('Ready', { stagedVersion: '1.28.0' }),
      outcomes: [after('uncordon'), after('remove-lb-exclusion')],
      kind: 'report',
      says: { current_state: 'Idle' },
    },
    {
      name: 'does not insist on deactivating',
      status: status({ current_state: 'ErrorReset', crash_count: 2 }),
      host: known('Ready'),
      outcomes: [after('uncordon'), after('remove-lb-exclusion'), after('deactivate', { done: false })],
      kind: 'report',
      says: { current_state: 'Idle', progress: null, crash_count: 2 },
    },
    {
      name: 'waits for a busy host before it tidies it up',
      status: status({ current_state: 'ErrorReset' }),
      host: { kind: 'busy' },
      outcomes: [after('uncordon'), after('remove-lb-exclusion')],
      kind: 'wait',
      waitMs: 5_000,
    },
    {
      name: 'waits for a busy host also when nobody knows since when',
      spec: spec('Idle', { state_transition_timestamp: null }),
      status: status({ current_state: 'ErrorReset' }),
      host: { kind: 'busy' },
      outcomes: [after('uncordon'), after('remove-lb-exclusion')],
      kind: 'wait',
    },
    {
      name: 'does not wait for a busy host for ever',
      spec: spec('Idle', { state_transition_timestamp: ago(86_400_000) }),
      status: status({ current_state: 'ErrorReset' }),
      host: { kind: 'busy' },
      outcomes: [after('uncordon'), after('remove-lb-exclusion')],
      kind: 'report',
      says: { current_state: 'Idle' },
    },
    {
      name: 'goes to Idle after monitoring without touching the node',
      status: status({ current_state: 'MonitoringUpdate', current_version: '1.27.0' }),
      version: '1.27.0',
      host: { kind: 'uninitialized' },
      kind: 'report',
      says: { current_state: 'Idle', target_version: '1.27.0' },
    },
    {
      name: 'tells that an update is over before it looks for the next',
      status: status({ current_state: 'MonitoringUpdate', current_version: '1.27.0' }),
      version: '1.27.0',
      host: { kind: 'uninitialized' },
      lastCheckedAt: NOW - 86_400_000,
      kind: 'report',
      says: { current_state: 'Idle', target_version: '1.27.0' },
    },
  ])('$name', check);
});

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
  test.each<Row>([
    { name: 'looks whether it has become so', kind: 'check-health' },
    {
      name: 'keeps the failure whatever a refresh finds, and looks again after five minutes',
      outcomes: [after('check-health', { done: false })],
      lastCheckedAt: NOW,
      settings: { updateCheckIntervalMs: 3_600_000 },
      kind: 'wait',
      waitMs: 299_000,
    },
    { name: 'looks again', outcomes: [after('check-health', { done: false, at: NOW - 300_000 })], kind: 'check-health' },
    {
      name: 'looks again when the clock has gone back',
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
      name: 'reports the end of the failed update before it looks again',
      status: { ...unhealthy, current_state: 'ErrorReset' },
      outcomes: [after('uncordon'), after('remove-lb-exclusion')],
      kind: 'report',
      says: { current_state: 'Idle', crash_count: 1, failed_versions: failedVersions, unhealthy_before: ['kube-system/csi'] },
    },
    {
      name: 'after the controller has given its monitoring up, looks how the node is',
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
    check({ status: unhealthy, version: '1.27.0', host: nothingNewer, ...row });
  });
});

describe('decideAction for StagedAndPerformedUpdate', () => {
  const staging = spec('StagedAndPerformedUpdate');
  const late = spec('StagedAndPerformedUpdate', { state_transition_timestamp: ago(86_400_000) });
  const failed = after('prepare', { done: false, message: 'no space left' });
  const PREPARE_FAILED = 'Downloading 1.27.0 to the staging partition: no space left';
  const LONG = `Downloading 1.27.0 to the staging partition: ${'x'.repeat(300)}`;
  const activating = status({ failure_message: 'Activating 1.27.0: so it was' });
  const failing = status({ failure_message: PREPARE_FAILED });
  test.each<Row>([
    { name: 'refreshes after a boot', host: { kind: 'uninitialized' }, kind: 'refresh' },
    { name: 'refreshes when the host knows of no update', host: known('Idle'), kind: 'refresh' },
    { name: 'prepares what is available', kind: 'prepare' },
    { name: 'activates what is staged', host: known('Staged'), kind: 'activate' },
    {
      name: 'looks for updates again when what is staged is no longer chosen',
      host: known('Staged', { chosenVersion: undefined }),
      kind: 'refresh',
    },
    {
      name: 'ends without a failure when what is staged is no longer offered',
      status: status({ crash_count: 2, failure_message: 'The drain did not finish before the deadline: web' }),
      host: known('Staged', { chosenVersion: undefined }),
      outcomes: [after('refresh')],
      kind: 'report',
      says: { ...WITHDRAWN, target_version: '1.26.1', crash_count: 0 },
    },
    {
      name: 'first deactivates what is no longer offered',
      host: known('Ready', { chosenVersion: undefined }),
      outcomes: [after('refresh')],
      kind: 'deactivate',
    },
    {
      name: 'does not take a refresh that failed for a withdrawal',
      host: known('Idle', { mostRecentCommand: { type: 'refresh', succeeded: false, timestamp: 't', message: '' } }),
      outcomes: [after('refresh', { at: NOW - 15_000 })],
      kind: 'refresh',
    },
    {
      name: 'does not take an old refresh for a new one',
      host: known('Available', { chosenVersion: '1.28.0' }),
      outcomes: [after('refresh', { at: NOW - 120_000 })],
      kind: 'refresh',
    },
    { name: 'downloads again what it did not download itself', host: known('Staged'), downloaded: null, kind: 'prepare' },
    {
      name: 'activates what the updater says that it has downloaded',
      host: downloaded('Starting update to 1.27.0'),
      downloaded: null,
      kind: 'activate',
    },
    {
      name: 'looks for updates again when the updater has downloaded another version',
      host: downloaded('Starting update to 1.28.0'),
      outcomes: [after('refresh'), after('prepare', { done: false })],
      kind: 'wait',
    },
    { name: 'looks for updates again when the updater has downloaded nothing', host: downloaded('No update required'), kind: 'refresh' },
    {
      name: 'looks for updates again when the update is for a later wave',
      host: downloaded('Update available in later wave'),
      kind: 'refresh',
    },
    {
      name: 'ends without a failure when the updater has downloaded a newer version, and the host is offered it',
      host: known('Staged', { chosenVersion: '1.28.0' }),
      downloaded: '1.28.0',
      outcomes: [after('prepare', { done: false }), after('refresh')],
      kind: 'report',
      says: { ...WITHDRAWN, target_version: '1.28.0' },
    },
    {
      name: 'downloads again, after a pause, when the updater has downloaded nothing of a version that is offered again',
      host: known('Staged'),
      downloaded: null,
      outcomes: [after('prepare', { done: false, at: NOW - 15_000 }), after('refresh')],
      kind: 'prepare',
    },
    {
      name: 'checks what is offered when the updater does not say what it has downloaded',
      host: downloaded('Herunterladen …'),
      downloaded: null,
      outcomes: [after('refresh', { at: NOW - 30_000 }), after('prepare')],
      kind: 'refresh',
    },
    {
      name: 'and activates it if it is still offered',
      host: known('Staged'),
      downloaded: null,
      outcomes: [after('prepare'), after('refresh')],
      kind: 'activate',
    },
    {
      name: 'is done when the host is ready',
      host: known('Ready'),
      kind: 'report',
      says: { current_state: 'StagedAndPerformedUpdate', target_version: '1.27.0' },
    },
    {
      name: 'is done when the version runs',
      version: '1.27.0',
      host: { kind: 'uninitialized' },
      kind: 'report',
      says: { current_state: 'StagedAndPerformedUpdate' },
    },
    { name: 'waits while the host is busy', host: { kind: 'busy' }, kind: 'wait', waitMs: 5_000 },
    {
      name: 'fails when the host stays busy',
      spec: late,
      host: { kind: 'busy' },
      kind: 'report',
      says: {
        current_state: 'ErrorReset',
        crash_count: 1,
        failed_versions: [],
        failure_message: 'The host was still busy at the deadline',
      },
    },
    {
      name: 'tells what a host that stays busy was told to do',
      spec: late,
      host: { kind: 'busy' },
      outcomes: [after('refresh'), after('prepare', { done: false, message: 'prepare took longer than 1500 s' })],
      kind: 'report',
      says: { current_state: 'ErrorReset', failure_message: 'The host was still busy at the deadline: prepare took longer than 1500 s' },
    },
    { name: 'deactivates another version', host: known('Ready', { stagedVersion: '1.28.0' }), kind: 'deactivate' },
    { name: 'deactivates an unknown version', host: known('Ready', { stagedVersion: undefined }), kind: 'deactivate' },
    { name: 'prepares over another staged version', host: known('Staged', { stagedVersion: '1.28.0' }), kind: 'prepare' },
    {
      name: 'refreshes when another version is staged and chosen',
      host: known('Staged', { stagedVersion: '1.28.0', chosenVersion: '1.28.0' }),
      kind: 'refresh',
    },
    { name: 'refreshes when another version is chosen', host: known('Available', { chosenVersion: '1.28.0' }), kind: 'refresh' },
    {
      name: 'fails when a refresh chooses another version',
      status: status({ crash_count: 1 }),
      host: known('Available', { chosenVersion: '1.28.0' }),
      outcomes: [after('refresh')],
      kind: 'report',
      says: { ...WITHDRAWN, target_version: '1.28.0', crash_count: 1 },
    },
    {
      name: 'refreshes again after a pause when it failed',
      status: status({ failure_message: 'The host has no available update to 1.27.0: so it was' }),
      host: known('Idle'),
      outcomes: [after('refresh', { done: false })],
      kind: 'wait',
      waitMs: 14_000,
    },
    {
      name: 'tells at once that preparing failed, and why',
      outcomes: [failed],
      kind: 'report',
      says: { current_state: 'Idle', crash_count: 0, failure_message: PREPARE_FAILED },
    },
    { name: 'prepares again after a pause when it failed', status: failing, outcomes: [failed], kind: 'wait', waitMs: 14_000 },
    { name: 'prepares again when the pause is over', status: failing, outcomes: [{ ...failed, at: NOW - 15_000 }], kind: 'prepare' },
    {
      name: 'does not tell the same failure again for its details',
      status: status({ failure_message: `${LONG} (try 1)` }),
      outcomes: [{ ...failed, message: `${'x'.repeat(300)} (try 2)` }],
      kind: 'wait',
    },
    {
      name: 'tells another failure',
      status: status({ failure_message: 'The host has not checked for updates since it booted: no network' }),
      outcomes: [failed],
      kind: 'report',
      says: { failure_message: PREPARE_FAILED },
    },
    {
      name: 'does not blame the version for a download that fails past the deadline',
      spec: late,
      outcomes: [failed],
      kind: 'report',
      says: { current_state: 'ErrorReset', crash_count: 1, failed_versions: [] },
    },
    { name: 'tries once even past the deadline', spec: late, kind: 'prepare' },
    {
      name: 'goes on without a deadline if its start cannot be read',
      status: failing,
      spec: spec('StagedAndPerformedUpdate', { state_transition_timestamp: 'x' }),
      outcomes: [{ ...failed, at: 0 }],
      kind: 'prepare',
    },
    {
      name: 'does not repeat an activation at once',
      status: activating,
      host: known('Staged'),
      outcomes: [after('activate', { done: false })],
      kind: 'wait',
    },
    {
      name: 'prepares again when activating failed: the image may be gone',
      host: known('Staged', failedToActivate),
      outcomes: [after('activate', { done: false, at: NOW - 15_000 })],
      kind: 'prepare',
    },
    {
      name: 'looks for updates again rather than to repeat a download that has just succeeded: the version may be withdrawn',
      host: known('Staged', failedToActivate),
      outcomes: [after('prepare', { at: NOW - 60_000 }), after('activate', { done: false, at: NOW - 15_000 })],
      kind: 'refresh',
    },
    {
      name: 'activates again what the host would still install',
      spec: late,
      host: known('Staged'),
      outcomes: [after('prepare'), after('activate', { done: false, at: NOW - 15_000 }), after('refresh')],
      kind: 'activate',
    },
    {
      name: 'activates again when the host could not look',
      host: known('Staged'),
      outcomes: [after('activate', { done: false, at: NOW - 15_000 }), after('refresh', { done: false })],
      kind: 'activate',
    },
    {
      name: 'ends without a failure when the host cannot activate what it would not install any more',
      host: known('Staged', { chosenVersion: undefined }),
      outcomes: [after('prepare'), after('activate', { done: false, message: 'no image' }), after('refresh')],
      kind: 'report',
      says: { ...WITHDRAWN, target_version: '1.26.1' },
    },
    {
      name: 'prepares again when the download was long ago',
      host: known('Staged', failedToActivate),
      outcomes: [after('prepare', { at: NOW - 300_000 }), after('activate', { done: false, at: NOW - 15_000 })],
      kind: 'prepare',
    },
    {
      name: 'activates again when the host was busy with something else: the image is there',
      status: activating,
      host: known('Staged'),
      outcomes: [after('activate', { done: false, at: NOW - 15_000 })],
      kind: 'activate',
    },
    {
      name: 'looks for updates again when nothing can be prepared',
      host: known('Staged', { ...failedToActivate, chosenVersion: undefined }),
      outcomes: [after('activate', { done: false, at: NOW - 15_000 })],
      kind: 'refresh',
    },
    {
      name: 'activates again after it has prepared again',
      host: known('Staged'),
      outcomes: [after('activate', { done: false, at: NOW - 30_000 }), after('prepare')],
      kind: 'activate',
    },
    {
      name: 'blames a version that was downloaded and cannot be made the next to boot',
      spec: late,
      host: known('Staged', failedToActivate),
      outcomes: [after('prepare'), after('activate', { done: false, at: NOW - 60_000 })],
      kind: 'report',
      says: {
        current_state: 'ErrorReset',
        failed_versions: [{ version: '1.27.0', failures: 1, last_failure_timestamp: new Date(NOW).toISOString() }],
      },
    },
    {
      name: 'does not blame a version that the host was too busy to make the next to boot',
      spec: late,
      host: known('Staged'),
      outcomes: [after('prepare'), after('activate', { done: false, at: NOW - 60_000 })],
      kind: 'report',
      says: { current_state: 'ErrorReset', crash_count: 1, failed_versions: [] },
    },
    {
      name: 'does not blame the version when an image whose download failed cannot be made the next to boot',
      spec: late,
      host: known('Staged', failedToActivate),
      outcomes: [failed, after('activate', { done: false, at: NOW - 60_000 })],
      kind: 'report',
      says: { current_state: 'ErrorReset', crash_count: 1, failed_versions: [] },
    },
    {
      name: 'does not blame the version for a refresh',
      spec: late,
      host: known('Idle', failedToActivate),
      outcomes: [after('refresh', { done: false })],
      kind: 'report',
      says: { failed_versions: [] },
    },
    {
      name: 'waits for the controller when done, and looks for updates from time to time',
      status: status({ current_state: 'StagedAndPerformedUpdate' }),
      host: known('Ready'),
      kind: 'wait',
      waitMs: 119_000,
    },
    {
      name: 'looks for updates while it waits for its turn',
      status: status({ current_state: 'StagedAndPerformedUpdate' }),
      host: known('Ready'),
      lastCheckedAt: NOW - 120_000,
      outcomes: [after('refresh', { at: NOW - 120_000 })],
      kind: 'refresh',
    },
    {
      name: 'goes on waiting when it cannot look for updates',
      status: status({ current_state: 'StagedAndPerformedUpdate' }),
      host: known('Ready'),
      outcomes: [after('refresh', { done: false })],
      kind: 'wait',
    },
    {
      name: 'deactivates what is withdrawn while it waits for its turn',
      status: status({ current_state: 'StagedAndPerformedUpdate' }),
      host: known('Ready', { chosenVersion: undefined }),
      outcomes: [after('refresh')],
      kind: 'deactivate',
    },
    {
      name: 'and then ends without a failure',
      status: status({ current_state: 'StagedAndPerformedUpdate' }),
      host: known('Staged', { chosenVersion: undefined }),
      outcomes: [after('refresh'), after('deactivate')],
      kind: 'report',
      says: { ...WITHDRAWN, target_version: '1.26.1' },
    },
    {
      name: 'waits for the controller when the host runs the version already',
      status: status({ current_state: 'StagedAndPerformedUpdate', current_version: '1.27.0' }),
      version: '1.27.0',
      host: known('Idle'),
      kind: 'wait',
      waitMs: null,
    },
    {
      name: 'starts anew when the version was changed',
      status: status({ current_state: 'StagedAndPerformedUpdate', target_version: '1.26.5' }),
      kind: 'prepare',
    },
    {
      name: 'reports again when the host has booted by itself',
      status: status({ current_state: 'StagedAndPerformedUpdate' }),
      version: '1.27.0',
      kind: 'report',
      says: { current_version: '1.27.0' },
    },
    {
      name: 'gives back a node whose reboot was called off',
      status: status({ current_state: 'StagedAndPerformedUpdate', progress: progress('Draining') }),
      host: known('Ready'),
      kind: 'uncordon',
    },
    {
      name: 'goes on when the node has been given back',
      status: status({ current_state: 'StagedAndPerformedUpdate', progress: progress('Draining') }),
      host: known('Ready'),
      outcomes: [after('uncordon'), after('remove-lb-exclusion')],
      kind: 'report',
      says: { progress: null, current_state: 'StagedAndPerformedUpdate' },
    },
    { name: 'waits after a failure', status: status({ current_state: 'ErrorReset' }), kind: 'wait', waitMs: null },
    { name: 'works on a shadow without status', status: null, kind: 'prepare' },
    {
      name: 'fails without a version',
      spec: spec('StagedAndPerformedUpdate', { version: null }),
      kind: 'report',
      says: { current_state: 'ErrorReset' },
    },
    {
      name: 'gives the node back before it fails without a version',
      spec: spec('RebootedIntoUpdate', { version: null }),
      status: status({ progress: progress('Draining') }),
      kind: 'uncordon',
    },
    {
      name: 'never counts beyond a uint32',
      spec: spec('StagedAndPerformedUpdate', { version: null }),
      status: status({ crash_count: 2 ** 32 - 1 }),
      kind: 'report',
      says: { crash_count: 2 ** 32 - 1 },
    },
  ])('$name', ({ spec: given = staging, ...row }) => {
    check({ ...row, spec: given });
  });
});

describe('decideAction for RebootedIntoUpdate', () => {
  const rebooting = spec('RebootedIntoUpdate');
  const staged = (more: Partial<ShadowStatus> = {}): ShadowStatus => status({ current_state: 'StagedAndPerformedUpdate', ...more });
  const at = (step: ProgressStep, more: Partial<ShadowProgress> = {}): ShadowStatus => staged({ progress: progress(step, more) });
  const REFUSED = { reason: 'RebootRefused', message: 'The host refused to reboot: inhibited' };
  test.each<Row>([
    {
      name: 'looks what is unhealthy before it begins',
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
      name: 'begins all the same where nobody can tell what is unhealthy',
      outcomes: [after('refresh'), after('check-health', { done: false })],
      kind: 'report',
      says: { progress: expect.objectContaining({ step: 'Draining' }) as unknown as ShadowProgress, unhealthy_before: null },
    },
    {
      name: 'writes down that it excludes, if asked to',
      outcomes: [after('refresh'), after('check-health')],
      settings: { excludeFromLbWaitMs: 60_000 },
      kind: 'report',
      says: { progress: expect.objectContaining({ step: 'Excluding' }) as unknown as ShadowProgress },
    },
    {
      name: 'gives back what an update to another version holds',
      status: at('Draining', { version: '1.26.5' }),
      kind: 'uncordon',
    },
    {
      name: 'and begins anew for this one',
      status: at('Draining', { version: '1.26.5' }),
      outcomes: [after('uncordon'), after('remove-lb-exclusion'), after('refresh'), after('check-health')],
      kind: 'report',
      says: { progress: expect.objectContaining({ version: '1.27.0' }) as unknown as ShadowProgress },
    },
    { name: 'looks for updates before it begins', kind: 'refresh' },
    {
      name: 'looks for updates before it begins, unless it has just done so',
      outcomes: [after('refresh', { at: NOW - 120_000 })],
      kind: 'refresh',
    },
    {
      name: 'tells that it cannot look for updates, and does not begin',
      outcomes: [after('refresh', { done: false, message: 'no route' })],
      kind: 'report',
      says: {
        current_state: 'StagedAndPerformedUpdate',
        progress: null,
        failure_message: 'Checking before the drain that 1.27.0 is still offered: no route',
      },
    },
    {
      name: 'tries again to look for updates after a pause',
      status: staged({ failure_message: 'Checking before the drain that 1.27.0 is still offered: no route' }),
      outcomes: [after('refresh', { done: false, message: 'no route' })],
      kind: 'wait',
      waitMs: 14_000,
    },
    {
      name: 'gives up at the deadline of staging when it cannot look for updates, by no fault of the version',
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
      name: 'looks for updates before it fails for want of a ready host that would install something else: it may have died after deactivating',
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
    {
      name: 'looks for updates once more in a drain that takes long',
      status: at('Draining'),
      lastCheckedAt: NOW - 600_000,
      kind: 'refresh',
    },
    {
      name: 'goes on with the drain when it could not look for updates',
      status: at('Draining'),
      outcomes: [after('refresh', { done: false })],
      kind: 'cordon-and-drain',
    },
    {
      name: 'looks for updates when the host would install something else by now',
      status: at('Draining'),
      host: known('Ready', { chosenVersion: undefined }),
      kind: 'refresh',
    },
    {
      name: 'gives the node back, without a failure, when the version is withdrawn in mid-drain',
      status: at('Draining'),
      host: known('Ready', { chosenVersion: undefined }),
      outcomes: [after('refresh')],
      kind: 'report',
      says: {
        crash_count: 0,
        failed_versions: [],
        progress: expect.objectContaining({ step: 'Returning', reason: 'UpdateWithdrawn' }) as unknown as ShadowProgress,
      },
    },
    {
      name: 'does not reboot into a version that was withdrawn in mid-drain',
      status: at('Rebooting'),
      host: known('Ready', { chosenVersion: undefined }),
      outcomes: [after('cordon-and-drain'), after('refresh')],
      kind: 'report',
      says: { progress: expect.objectContaining({ step: 'Returning', reason: 'UpdateWithdrawn' }) as unknown as ShadowProgress },
    },
    {
      name: 'asks for nothing more when the host is going down',
      status: at('Rebooting'),
      host: known('Ready', { chosenVersion: undefined }),
      outcomes: [after('cordon-and-drain'), after('reboot')],
      lastCheckedAt: 0,
      kind: 'wait',
    },
    {
      name: 'uncordons when the version is withdrawn',
      status: staged({ failure_message: 'gone', progress: progress('Returning', { reason: 'UpdateWithdrawn' }) }),
      host: known('Ready', { chosenVersion: undefined }),
      kind: 'uncordon',
    },
    {
      name: 'deactivates it when the node has been given back',
      status: staged({ failure_message: 'gone', progress: progress('Returning', { reason: 'UpdateWithdrawn' }) }),
      host: known('Ready', { chosenVersion: undefined }),
      outcomes: [after('uncordon', { returned: true })],
      kind: 'deactivate',
    },
    {
      name: 'and then ends without a failure, even if the host could not deactivate it',
      status: staged({ failure_message: 'gone', progress: progress('Returning', { reason: 'UpdateWithdrawn' }) }),
      host: known('Ready', { chosenVersion: undefined }),
      outcomes: [after('uncordon', { returned: true }), after('deactivate', { done: false })],
      kind: 'report',
      says: { ...WITHDRAWN, target_version: '1.26.1', crash_count: 0 },
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
      name: 'blames the version if somebody else has rebooted in vain',
      bootId: 'boot-2',
      host: { kind: 'uninitialized' },
      kind: 'report',
      says: {
        current_state: 'ErrorReset',
        failed_versions: [{ version: '1.27.0', failures: 1, last_failure_timestamp: new Date(NOW).toISOString() }],
      },
    },
    {
      name: 'goes on with an update of Brupop 1.x, though an agent of ours had told of an earlier boot before that one came',
      outcomes: [after('refresh'), after('check-health')],
      bootId: 'boot-2',
      kind: 'report',
      says: {
        progress: expect.objectContaining({ step: 'Draining', boot_id: 'boot-2' }) as unknown as ShadowProgress,
        failed_versions: [],
      },
    },
    {
      name: 'does not blame the version if somebody else has rebooted into yet another',
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
    { name: 'excludes', status: at('Excluding'), settings: { excludeFromLbWaitMs: 60_000 }, kind: 'exclude-from-lb' },
    {
      name: 'asks again to exclude',
      status: at('Excluding'),
      settings: { excludeFromLbWaitMs: 60_000 },
      outcomes: [after('exclude-from-lb', { done: false })],
      kind: 'wait',
      waitMs: 14_000,
    },
    {
      name: 'gives load balancers time',
      status: at('Excluding'),
      settings: { excludeFromLbWaitMs: 60_000 },
      outcomes: [after('exclude-from-lb', { since: NOW - 20_000 })],
      kind: 'wait',
      waitMs: 40_000,
    },
    {
      name: 'counts from its own time if the other is ahead',
      status: at('Excluding'),
      settings: { excludeFromLbWaitMs: 60_000 },
      outcomes: [after('exclude-from-lb', { since: NOW + 20_000 })],
      kind: 'wait',
      waitMs: 59_000,
    },
    {
      name: 'drains when load balancers have had time',
      status: at('Excluding'),
      settings: { excludeFromLbWaitMs: 1_000 },
      outcomes: [after('exclude-from-lb')],
      kind: 'report',
      says: { progress: expect.objectContaining({ step: 'Draining' }) as unknown as ShadowProgress },
    },
    { name: 'drains', status: at('Draining'), kind: 'cordon-and-drain' },
    {
      name: 'asks again to drain',
      status: at('Draining'),
      outcomes: [after('cordon-and-drain', { done: false, retryAfterMs: 4_000 })],
      kind: 'wait',
      waitMs: 3_000,
    },
    {
      name: 'reports what blocks the drain, which goes on',
      status: at('Draining', { message: 'Draining the node' }),
      outcomes: [after('cordon-and-drain', { done: false, blocked: BLOCKED })],
      kind: 'report',
      says: { current_state: 'StagedAndPerformedUpdate', progress: { ...at('Draining').progress, ...BLOCKED } as ShadowProgress },
    },
    {
      name: 'does not report again what blocks the drain',
      status: at('Draining', BLOCKED),
      outcomes: [after('cordon-and-drain', { done: false, blocked: BLOCKED, retryAfterMs: 4_000 })],
      kind: 'wait',
      waitMs: 3_000,
    },
    {
      name: 'reports that another pod blocks the drain',
      status: at('Draining', { ...BLOCKED, message: 'another' }),
      outcomes: [after('cordon-and-drain', { done: false, blocked: BLOCKED })],
      kind: 'report',
      says: { progress: { ...at('Draining').progress, ...BLOCKED } as ShadowProgress },
    },
    {
      name: 'reports that nothing blocks the drain any more',
      status: at('Draining', BLOCKED),
      outcomes: [after('cordon-and-drain', { done: false })],
      kind: 'report',
      says: { progress: { ...at('Draining').progress, message: 'Draining the node', reason: null } as ShadowProgress },
    },
    {
      name: 'reports which pod the drain waits for though nothing is wrong, and when it ends',
      status: at('Draining', { message: 'Draining the node' }),
      outcomes: [after('cordon-and-drain', { done: false, notice: SLOW, until: ago(-900_000) })],
      kind: 'report',
      says: { progress: { ...at('Draining').progress, message: SLOW, reason: null, until: ago(-900_000) } as ShadowProgress },
    },
    {
      name: 'does not report it again, also where the resource does not keep the end',
      status: at('Draining', { message: SLOW }),
      outcomes: [after('cordon-and-drain', { done: false, notice: SLOW, until: ago(-900_000), retryAfterMs: 4_000 })],
      kind: 'wait',
      waitMs: 3_000,
    },
    {
      name: 'does not report that a pod with a long grace period has ended',
      status: at('Draining', { message: SLOW }),
      outcomes: [after('cordon-and-drain', { done: false, retryAfterMs: 4_000 })],
      kind: 'wait',
      waitMs: 3_000,
    },
    {
      name: 'names what blocked the drain when it does not end in time',
      status: at('Draining', { ...BLOCKED, since: ago(900_000) }),
      outcomes: [after('cordon-and-drain', { done: false, blocked: BLOCKED })],
      kind: 'report',
      says: { failure_message: `The drain did not finish before the deadline: ${BLOCKED.message}` },
    },
    {
      name: 'names what blocked the drain when the apiserver gives it up',
      status: at('Draining', BLOCKED),
      outcomes: [after('cordon-and-drain', { done: false, final: true, message: 'The apiserver answered 409' })],
      kind: 'report',
      says: { failure_message: `The drain did not finish before the deadline: ${BLOCKED.message}` },
    },
    {
      name: 'reports that the host API answers again',
      status: at('Draining', { reason: 'HostUnreachable', message: 'The host API does not respond: connection refused' }),
      kind: 'report',
      says: { progress: { ...at('Draining').progress, reason: null, message: 'Draining the node' } as ShadowProgress },
    },
    {
      name: 'reports that the host API answers again before it reboots',
      status: at('Rebooting', { reason: 'HostUnreachable', message: 'The host API does not respond: connection refused' }),
      outcomes: [after('cordon-and-drain')],
      kind: 'report',
      says: { progress: { ...at('Rebooting').progress, reason: null, message: 'Rebooting into 1.27.0' } as ShadowProgress },
    },
    { name: 'drains once even past the deadline', status: at('Draining', { since: ago(86_400_000) }), kind: 'cordon-and-drain' },
    {
      name: 'gives the node back when the drain does not end in time',
      status: at('Draining', { since: ago(900_000) }),
      outcomes: [after('cordon-and-drain', { done: false, message: 'PodDisruptionBudget web blocks' })],
      kind: 'report',
      says: {
        current_state: 'StagedAndPerformedUpdate',
        crash_count: 0,
        failure_message: 'The drain did not finish before the deadline: PodDisruptionBudget web blocks',
        progress: expect.objectContaining({ step: 'Returning' }) as unknown as ShadowProgress,
      },
    },
    {
      name: 'gives the node back when the apiserver has given the drain up',
      status: at('Draining'),
      outcomes: [after('cordon-and-drain', { done: false, final: true })],
      kind: 'report',
      says: { progress: expect.objectContaining({ step: 'Returning' }) as unknown as ShadowProgress },
    },
    {
      name: 'gives a drain its whole time if its start cannot be read',
      status: at('Draining', { since: 'x' }),
      outcomes: [after('cordon-and-drain', { done: false, at: 0 })],
      kind: 'cordon-and-drain',
    },
    {
      name: 'writes down that it reboots',
      status: at('Draining'),
      outcomes: [after('cordon-and-drain')],
      kind: 'report',
      says: { progress: expect.objectContaining({ step: 'Rebooting' }) as unknown as ShadowProgress },
    },
    {
      name: 'gives the node back if the host is no longer ready',
      status: at('Draining'),
      host: known('Staged'),
      kind: 'report',
      says: { progress: expect.objectContaining({ step: 'Returning' }) as unknown as ShadowProgress, failed_versions: [] },
    },
    { name: 'waits for a busy host', status: at('Draining'), host: { kind: 'busy' }, kind: 'wait' },
    {
      name: 'does not wait for a busy host for ever',
      status: at('Draining', { since: ago(86_400_000) }),
      host: { kind: 'busy' },
      kind: 'report',
      says: { progress: expect.objectContaining({ step: 'Returning' }) as unknown as ShadowProgress },
    },
    { name: 'reboots', status: at('Rebooting'), outcomes: [after('cordon-and-drain')], kind: 'reboot' },
    { name: 'looks once more at what runs there if it was away since the drain', status: at('Rebooting'), kind: 'cordon-and-drain' },
    {
      name: 'or if the drain was long ago',
      status: at('Rebooting'),
      outcomes: [after('cordon-and-drain', { at: NOW - 60_000 })],
      kind: 'cordon-and-drain',
    },
    {
      name: 'or if it cannot tell how long ago, for the clock has jumped back',
      status: at('Rebooting'),
      outcomes: [after('cordon-and-drain', { at: NOW + 1 })],
      kind: 'cordon-and-drain',
    },
    {
      name: 'gives the node back if pods that came in meanwhile cannot be drained',
      status: at('Rebooting'),
      outcomes: [after('cordon-and-drain', { done: false, final: true, message: 'blocked' })],
      kind: 'report',
      says: { progress: expect.objectContaining({ step: 'Returning' }) as unknown as ShadowProgress },
    },
    { name: 'waits for the host to go down', status: at('Rebooting'), outcomes: [after('reboot')], kind: 'wait', waitMs: 599_000 },
    {
      name: 'asks again to reboot if the clock has jumped back',
      status: at('Rebooting'),
      outcomes: [after('cordon-and-drain'), after('reboot', { at: NOW + 86_400_000 })],
      kind: 'reboot',
    },
    {
      name: 'tells that the host refuses to reboot, and keeps the node drained',
      status: at('Rebooting'),
      outcomes: [after('cordon-and-drain'), after('reboot', { done: false, message: 'inhibited' })],
      kind: 'report',
      says: {
        progress: expect.objectContaining({
          step: 'Rebooting',
          reason: 'RebootRefused',
          message: 'The host refused to reboot: inhibited',
        }) as unknown as ShadowProgress,
      },
    },
    {
      name: 'asks again after a pause',
      status: at('Rebooting', REFUSED),
      outcomes: [after('cordon-and-drain'), after('reboot', { done: false, message: 'inhibited' })],
      kind: 'wait',
      waitMs: 14_000,
    },
    {
      name: 'asks again once the pause is over',
      status: at('Rebooting', REFUSED),
      outcomes: [after('cordon-and-drain'), after('reboot', { done: false, message: 'inhibited', at: NOW - 15_000 })],
      kind: 'reboot',
    },
    {
      name: 'looks whether the node is still empty before it asks again after long',
      status: at('Rebooting', REFUSED),
      outcomes: [after('cordon-and-drain', { at: NOW - 60_000 }), after('reboot', { done: false, message: 'inhibited', at: NOW - 15_000 })],
      kind: 'cordon-and-drain',
    },
    {
      name: 'gives the node back when the host goes on refusing to reboot',
      status: at('Rebooting', { ...REFUSED, since: new Date(NOW - 120_000).toISOString() }),
      outcomes: [after('reboot', { done: false, message: 'inhibited' })],
      kind: 'report',
      says: { failure_message: 'The host refused to reboot: inhibited', failed_versions: [] },
    },
    {
      name: 'gives the node back when the host refuses to reboot and the clock has gone back since',
      status: at('Rebooting', { ...REFUSED, since: new Date(NOW + 86_400_000).toISOString() }),
      outcomes: [after('cordon-and-drain'), after('reboot', { done: false, message: 'inhibited' })],
      kind: 'report',
      says: { failure_message: 'The host refused to reboot: inhibited' },
    },
    {
      name: 'gives the node back when the host does not go down',
      status: at('Rebooting'),
      outcomes: [after('reboot', { at: NOW - 600_000 })],
      kind: 'report',
      says: { progress: expect.objectContaining({ step: 'Returning' }) as unknown as ShadowProgress },
    },
    {
      name: 'knows a rollback',
      status: at('Rebooting'),
      bootId: 'boot-2',
      host: { kind: 'uninitialized' },
      kind: 'report',
      says: {
        crash_count: 0,
        progress: expect.objectContaining({ step: 'Returning', boot_id: 'boot-2' }) as unknown as ShadowProgress,
        failed_versions: [{ version: '1.27.0', failures: 1, last_failure_timestamp: new Date(NOW).toISOString() }],
      },
    },
    {
      name: 'does not blame the version if the host has come up with yet another',
      status: at('Rebooting'),
      version: '1.28.0',
      bootId: 'boot-2',
      host: { kind: 'uninitialized' },
      kind: 'report',
      says: {
        progress: expect.objectContaining({ step: 'Returning' }) as unknown as ShadowProgress,
        failure_message: 'The host did not boot into 1.27.0; it runs 1.28.0',
        failed_versions: [],
      },
    },
    {
      name: 'uncordons after a rollback',
      status: staged({ failure_message: 'rolled back', progress: progress('Returning', { boot_id: 'boot-2' }) }),
      bootId: 'boot-2',
      host: known('Available'),
      kind: 'uncordon',
    },
    {
      name: 'reports the failure when the node has been given back',
      status: staged({ failure_message: 'rolled back', crash_count: 1, progress: progress('Returning') }),
      outcomes: [after('uncordon'), after('remove-lb-exclusion')],
      kind: 'report',
      says: {
        current_state: 'ErrorReset',
        crash_count: 2,
        failure_message: 'rolled back',
        progress: null,
        state_transition_failure_timestamp: new Date(NOW).toISOString(),
      },
    },
    {
      name: 'knows a rollback that came after the boot',
      status: at('Returning'),
      bootId: 'boot-2',
      kind: 'report',
      says: { failure_message: 'The host did not boot into 1.27.0; it runs 1.26.1' },
    },
    {
      name: 'fails if a return has no reason',
      status: staged({ failure_message: undefined, progress: progress('Returning') } as unknown as Partial<ShadowStatus>),
      kind: 'report',
      says: { failure_message: 'The host does not run 1.27.0' },
    },
    {
      name: 'writes down that it returns',
      status: at('Rebooting'),
      version: '1.27.0',
      bootId: 'boot-2',
      host: { kind: 'uninitialized' },
      kind: 'report',
      says: { progress: expect.objectContaining({ step: 'Returning', boot_id: 'boot-2' }) as unknown as ShadowProgress },
    },
    { name: 'uncordons', status: at('Returning'), version: '1.27.0', bootId: 'boot-2', kind: 'uncordon' },
    {
      name: 'removes the exclusion',
      status: at('Returning'),
      version: '1.27.0',
      outcomes: [after('uncordon')],
      kind: 'remove-lb-exclusion',
    },
    {
      name: 'is done when uncordoning has removed the exclusion as well',
      status: at('Returning'),
      version: '1.27.0',
      outcomes: [after('uncordon', { returned: true })],
      kind: 'report',
      says: { current_state: 'RebootedIntoUpdate', current_version: '1.27.0', progress: null },
    },
    {
      name: 'is done when the node is back',
      status: at('Returning'),
      version: '1.27.0',
      outcomes: [after('uncordon'), after('remove-lb-exclusion')],
      kind: 'report',
      says: { current_state: 'RebootedIntoUpdate', current_version: '1.27.0', progress: null },
    },
    {
      name: 'takes a late reboot for a success',
      status: staged({ failure_message: 'too late', progress: progress('Returning') }),
      version: '1.27.0',
      bootId: 'boot-2',
      outcomes: [after('uncordon'), after('remove-lb-exclusion')],
      kind: 'report',
      says: { current_state: 'RebootedIntoUpdate', failure_message: null },
    },
    {
      name: 'waits for the controller when done',
      status: status({ current_state: 'RebootedIntoUpdate', current_version: '1.27.0' }),
      version: '1.27.0',
      kind: 'wait',
      waitMs: null,
    },
    { name: 'waits after a failure', status: status({ current_state: 'ErrorReset' }), kind: 'wait', waitMs: null },
  ])('$name', (row) => {
    check({ spec: rebooting, host: known('Ready'), ...row, status: row.status === undefined ? staged() : row.status });
  });
});

describe('decideAction for MonitoringUpdate', () => {
  const monitoring = spec('MonitoringUpdate');
  const rebooted = status({ current_state: 'RebootedIntoUpdate', current_version: '1.27.0', crash_count: 3 });
  test.each<Row>([
    { name: 'looks at the health', kind: 'check-health' },
    { name: 'looks again after a pause', outcomes: [after('check-health', { done: false })], kind: 'wait', waitMs: 14_000 },
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
      name: 'says nothing of pods that are still starting',
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
    check({ spec: monitoring, status: rebooted, version: '1.27.0', host: { kind: 'uninitialized' }, ...row });
  });
});

describe('decideAction for ErrorReset', () => {
  test.each<Row>([
    {
      name: 'ends an update that is called off, without counting a failure',
      kind: 'report',
      says: { current_state: 'ErrorReset', crash_count: 0 },
    },
    { name: 'gives the node back first', status: status({ progress: progress('Draining') }), kind: 'uncordon' },
    {
      name: 'and then tells that it holds it no longer',
      status: status({ progress: progress('Draining') }),
      outcomes: [after('uncordon'), after('remove-lb-exclusion')],
      kind: 'report',
      says: { current_state: 'ErrorReset', progress: null },
    },
    { name: 'then waits for the controller', status: status({ current_state: 'ErrorReset' }), kind: 'wait', waitMs: null },
  ])('$name', (row) => {
    check({ spec: spec('ErrorReset'), ...row });
  });
});
