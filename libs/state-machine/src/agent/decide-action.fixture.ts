import { expect } from '@jest/globals';
import type { ProgressStep, ShadowProgress, ShadowSpec, ShadowStatus, ShadowUpdateCheck } from '@brupop/crd-models';
import { decideAction } from './decide-action.ts';
import { DEFAULT_AGENT_SETTINGS } from './types.ts';
import type {
  Action,
  AgentObservation,
  AgentStep,
  CheckTrouble,
  HostCommand,
  HostUpdateState,
  HostUpdateStatus,
  StepOutcome,
} from './types.ts';
import { followChecks } from './update-check.ts';

/** Monday 2026-01-05, 12:00 UTC: the present of all tables. */
export const NOW: number = Date.UTC(2026, 0, 5, 12);
const SETTINGS = { ...DEFAULT_AGENT_SETTINGS, drainTimeoutMs: 900_000 };
/** RFC 3339 of so many milliseconds before {@link NOW}. */
export const ago = (ms: number): string => new Date(NOW - ms).toISOString();

/** The notice of a drain that waits for a pod with a long grace period. */
export const SLOW = 'Pod default/db-0 is terminating; its grace period ends at 2026-01-05T13:00:00Z';
/** What blocks a drain. */
export const BLOCKED: NonNullable<StepOutcome['blocked']> = {
  reason: 'DisruptionBudget',
  message: 'PodDisruptionBudget default/web allows no disruption of pod default/web-0',
};

/** The spec of a shadow with this state, written a minute ago. */
export const spec = (state: ShadowSpec['state'], more: Partial<ShadowSpec> = {}): ShadowSpec => ({
  state,
  version: state === 'Idle' ? null : '1.27.0',
  state_transition_timestamp: ago(60_000),
  ...more,
});

/** A successful check for updates that found one. */
export const CHECKED: ShadowUpdateCheck = {
  result: 'UpdateAvailable',
  checked_at: ago(600_000),
  since: ago(3_600_000),
  reason: null,
  message: null,
  interval_seconds: 120,
  newest_listed: null,
};
/** A successful check that found nothing newer. */
export const NOTHING_NEWER: ShadowUpdateCheck = { ...CHECKED, result: 'NothingNewer' };
/** A check that fails. */
export const FAILING: ShadowUpdateCheck = { ...CHECKED, result: 'Failing', reason: 'RefreshFailed', message: 'no route' };

/** The status of an idle node that can be updated from 1.26.1 to 1.27.0. */
export const status = (more: Partial<ShadowStatus> = {}): ShadowStatus => ({
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

/** The status of an idle node whose host cannot check for updates. */
export const failingStatus = (message: string): ShadowStatus =>
  status({
    target_version: '1.26.1',
    failure_message: `The host cannot check for updates: ${message}`,
    update_check: { ...FAILING, message },
  });

/** The progress of the update to 1.27.0. */
export const progress = (step: ProgressStep, more: Partial<ShadowProgress> = {}): ShadowProgress => ({
  step,
  since: ago(10_000),
  boot_id: 'boot-1',
  version: '1.27.0',
  ...more,
});

/** What the host reports of the update to 1.27.0 in this state. */
export const known = (
  updateState: HostUpdateState,
  more: Partial<Extract<HostUpdateStatus, { kind: 'known' }>> = {},
): HostUpdateStatus => ({
  kind: 'known',
  updateState,
  ...(updateState === 'Idle' ? {} : { chosenVersion: '1.27.0' }),
  ...(updateState === 'Staged' || updateState === 'Ready' ? { stagedVersion: '1.27.0' } : {}),
  ...more,
});

/** The outcome of a step that was complete a second ago. */
export const after = (step: AgentStep, more: Partial<StepOutcome> = {}): StepOutcome => ({
  step,
  at: NOW - 1_000,
  done: true,
  message: 'so it was',
  ...more,
});

/** The last command of a host whose refresh failed. */
export const FAILED_REFRESH: HostCommand = { type: 'refresh', succeeded: false, timestamp: ago(1_000), exitStatus: 1, message: 'no route' };

/** The status of an update that ends because its version is no longer offered: no count goes up, and no version is remembered. */
export const WITHDRAWN: Partial<ShadowStatus> = { current_state: 'ErrorReset', progress: null, failed_versions: [], failure_message: null };

/** A host whose last command was a download that it calls a success. */
export const downloaded = (message: string): HostUpdateStatus =>
  known('Staged', { mostRecentCommand: { type: 'prepare', succeeded: true, timestamp: ago(1_000), exitStatus: 0, message } });

/** Of the status of a host that could not activate what is staged. */
export const failedToActivate: Pick<Extract<HostUpdateStatus, { kind: 'known' }>, 'mostRecentCommand'> = {
  mostRecentCommand: { type: 'activate', succeeded: false, timestamp: ago(1_000), exitStatus: 1, message: 'no image' },
};

/** An observation; what is absent is as on a healthy idle node. */
export interface Given {
  readonly spec?: ShadowSpec;
  readonly status?: ShadowStatus | null;
  readonly version?: string;
  readonly host?: HostUpdateStatus;
  readonly bootId?: string;
  readonly outcomes?: readonly StepOutcome[];
  readonly lastCheckedAt?: number;
  /** The version that this process has downloaded; by default 1.27.0. */
  readonly downloaded?: string | null;
  readonly specAgeMs?: number;
  readonly settings?: Partial<AgentObservation['settings']>;
  /** Why the host could not check for updates. */
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

/** A row of a table: an observation, and the action that it leads to. */
export interface ActionRow extends Given {
  readonly name: string;
  readonly kind: Action['kind'];
  /** Of a report: fields that its status must have. */
  readonly says?: Partial<ShadowStatus>;
  /** Of a wait: for how many milliseconds; null: until the shadow changes. */
  readonly waitMs?: number | null;
}

/** Expects the action that the row names. */
export function expectAction({ kind, says, waitMs, ...given }: ActionRow): void {
  const action = decide(given);
  expect(action.kind).toBe(kind);
  expect(action.reason).not.toBe('');
  if (says !== undefined) expect(action).toMatchObject({ status: says });
  if (waitMs !== undefined) expect('until' in action ? (action.until ?? NaN) - NOW : null).toBe(waitMs);
}
