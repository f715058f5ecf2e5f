import { timestampMs } from '@brupop/kube-objects';
import type { ShadowStatus, ShadowUpdateCheck, UpdateCheckProblem } from '@brupop/crd-models';
import { isSameFailure, outcomeOf } from './outcomes.ts';
import type { AgentObservation, HostCommand, HostUpdateStatus, SeenChecks } from './types.ts';
import { updaterMessage } from './updater-message.ts';

/** The checks of a process that has not observed its host yet. */
export const NOTHING_SEEN: SeenChecks = {};

type CheckResult = { readonly goodAt: number } | { readonly problem: UpdateCheckProblem; readonly message: string };

/** The checks after another observation of the host. */
export function followChecks(before: SeenChecks, o: Omit<AgentObservation, 'checks'>): SeenChecks {
  const result = lastResult(o);
  if (result === undefined) return before;
  return 'goodAt' in result ? { goodAt: Math.min(result.goodAt, o.now) } : inTrouble(before, result.problem, result.message, o.now);
}

/** The checks after the host API did not respond. */
export function inTrouble(before: SeenChecks, problem: UpdateCheckProblem, message: string, now: number): SeenChecks {
  // The trouble must not begin in the future if the wall clock has jumped back.
  return { ...before, trouble: { problem, message, since: Math.min(before.trouble?.since ?? now, now) } };
}

/** The result of the last check of the host; undefined: unknown. */
function lastResult(o: Omit<AgentObservation, 'checks'>): CheckResult | undefined {
  const { status, version } = o.host;
  if (status.kind === 'busy') return { problem: 'HostBusy', message: 'The host is busy with an update command' };
  const tried = outcomeOf(o, 'refresh');
  const failed = tried === undefined || tried.done ? undefined : tried;
  const refresh = status.kind === 'known' && status.mostRecentCommand?.type === 'refresh' ? status.mostRecentCommand : undefined;
  const endedAt = refresh === undefined ? undefined : timeOf(refresh);
  // Someone else may have run a check on the host since the attempt of the agent failed.
  if (failed !== undefined && !(refresh?.succeeded === true && (endedAt ?? 0) > failed.at))
    return { problem: 'RefreshFailed', message: failed.message };
  if (status.kind !== 'known') return undefined;
  if (status.updateState === 'Unknown') {
    return {
      problem: 'UnknownState',
      message: `The host reports an unknown update state: ${status.unknownState ?? ''}`,
    };
  }
  if (refresh === undefined) return undefined;
  if (!refresh.succeeded) return { problem: 'RefreshFailed', message: `refresh failed: ${updaterMessage(refresh.message)}` };
  if (saysNothing(status, version)) {
    return {
      problem: 'NothingListed',
      message: 'The updater of the host reports success but lists no version: its output could not be read',
    };
  }
  // The clock of the host may be wrong: its time is used only for checks that this process did not run.
  return { goodAt: tried?.done === true ? tried.at : (endedAt ?? o.now) };
}

/**
 * Whether the last check returned nothing although it is reported as a success: output of the updater that the host cannot parse leaves its
 * state as it was. A check that finds no update clears the chosen version, and lists at least the running version.
 */
export function saysNothing(status: Extract<HostUpdateStatus, { kind: 'known' }>, running: string): boolean {
  if (status.listedVersions?.length === 0) return true;
  return status.updateState === 'Idle' && (status.chosenVersion ?? running) !== running;
}

/** Whether the last command of the host was a successful check that found no newer version. */
export function isUpToDate({ host: { version, status } }: AgentObservation): boolean {
  if (status.kind !== 'known' || status.updateState === 'Unknown') return false;
  if (status.updateState === 'Available') return status.chosenVersion === version;
  if (status.updateState !== 'Idle') return (status.chosenVersion ?? version) === version;
  return status.mostRecentCommand?.type === 'refresh' && status.mostRecentCommand.succeeded && !saysNothing(status, version);
}

/**
 * The version that the host would update to by its last successful check; the running version if there is no update. A check that fails
 * resets the state of the host, but the version that was chosen before is still offered.
 */
export function offeredVersion(o: AgentObservation): string {
  const { status, version } = o.host;
  const last = o.shadow.status;
  const reported = last?.current_version === version && last.boot_id === o.bootId ? last.target_version : version;
  switch (status.kind) {
    case 'known':
      if (status.updateState === 'Unknown') return reported;
      if (status.updateState === 'Idle') return hasFailed(status) ? (status.chosenVersion ?? version) : version;
      // While an image is staged only a successful check clears the chosen version: the staged version is then no longer offered.
      return status.chosenVersion ?? version;
    case 'busy':
      return last?.current_version === version ? last.target_version : version;
    case 'uninitialized':
      return version;
  }
}

const hasFailed = ({ mostRecentCommand: last }: Extract<HostUpdateStatus, { kind: 'known' }>): boolean =>
  last?.type === 'refresh' && !last.succeeded;

// Most faults of a repository pass sooner, and reports by every node of a fleet at once would be a storm of writes.
const TOLERATED_MS = 30 * 60_000;
/** How often the time of the last successful check is written if nothing else changes. */
export const REPORT_EVERY_MS: number = 60 * 60_000;

/** The last reported `update_check` since the host booted. */
function reportedCheckOf(o: Pick<AgentObservation, 'shadow' | 'bootId' | 'reportedCheck'>): ShadowUpdateCheck | undefined {
  const { status } = o.shadow;
  return o.reportedCheck ?? (status?.boot_id === o.bootId ? (status.update_check ?? undefined) : undefined);
}

type CheckObservation = Pick<AgentObservation, 'shadow' | 'bootId' | 'now' | 'settings' | 'checks' | 'reportedCheck'>;

/** Why availability is unknown; undefined: the last successful check is recent enough. */
function failing(o: CheckObservation): Pick<ShadowUpdateCheck, 'reason' | 'message'> | undefined {
  const { goodAt, trouble } = o.checks ?? NOTHING_SEEN;
  const reported = reportedCheckOf(o);
  // A process that has observed no successful check keeps the report of the one before it.
  if (reported?.result === 'Failing' && goodAt === undefined)
    return trouble === undefined ? reported : { reason: trouble.problem, message: trouble.message };
  if (trouble === undefined) return undefined;
  const lastGoodAt = goodAt ?? timestampMs(reported?.checked_at);
  const reportEveryMs = Math.max(REPORT_EVERY_MS, o.settings.updateCheckIntervalMs);
  const toleratedMs = lastGoodAt === undefined ? TOLERATED_MS : reportEveryMs + TOLERATED_MS;
  const withoutCheckSince = lastGoodAt ?? (reported?.result === 'NotChecked' ? timestampMs(reported.since) : undefined) ?? o.now;
  const isLate = o.now - trouble.since >= TOLERATED_MS || o.now - withoutCheckSince >= toleratedMs;
  return isLate ? { reason: trouble.problem, message: trouble.message } : undefined;
}

/** The `update_check` to report with every write of the status. @param offered by the last successful check */
function checkOf(o: CheckObservation, running: string, offered: string, listed: string | null): ShadowUpdateCheck {
  const reported = reportedCheckOf(o);
  const { goodAt = timestampMs(reported?.checked_at) } = o.checks ?? NOTHING_SEEN;
  const trouble = failing(o);
  const result =
    trouble !== undefined ? 'Failing' : offered !== running ? 'UpdateAvailable' : goodAt === undefined ? 'NotChecked' : 'NothingNewer';
  const isReported =
    reported?.result === result &&
    reported.reason === (trouble?.reason ?? null) &&
    isSameFailure(reported.message ?? '', trouble?.message ?? '');
  return {
    result,
    checked_at: goodAt === undefined ? null : new Date(goodAt).toISOString(),
    since: (reported?.result === result ? reported.since : undefined) ?? new Date(o.now).toISOString(),
    reason: trouble?.reason ?? null,
    message: isReported ? (reported.message ?? null) : (trouble?.message ?? null),
    interval_seconds: Math.ceil(o.settings.updateCheckIntervalMs / 1_000),
    newest_listed: listed,
  };
}

/** The target version to report, and the `update_check` that goes with it. */
export function versionsToReport(o: AgentObservation): { readonly target: string; readonly check: ShadowUpdateCheck } {
  const running = o.host.version;
  const offered = offeredVersion(o);
  const check = checkOf(o, running, offered, newestListed(o, offered));
  // If availability is unknown there is no target version: the node would be drained for it.
  return { target: check.result === 'Failing' ? running : offered, check };
}

/** Like {@link versionsToReport}, for a host whose API does not respond. */
export function versionsWithoutHost(
  o: CheckObservation,
  { current_version: running, target_version: target }: ShadowStatus,
): {
  readonly target: string;
  readonly check: ShadowUpdateCheck;
} {
  const check = checkOf(o, running, target, reportedCheckOf(o)?.newest_listed ?? null);
  return { target: check.result === 'Failing' ? running : target, check };
}

/** Whether a change of `update_check` alone is worth a write. */
export function hasCheckChanged(check: ShadowUpdateCheck, o: Pick<AgentObservation, 'shadow' | 'bootId' | 'reportedCheck'>): boolean {
  const reported = reportedCheckOf(o);
  if (reported === undefined) return true;
  const isOther = (['result', 'reason', 'message', 'newest_listed'] as const).some(
    (field) => (check[field] ?? null) !== (reported[field] ?? null),
  );
  const [at, reportedAt] = [timestampMs(check.checked_at), timestampMs(reported.checked_at)];
  return isOther || (at !== undefined && (reportedAt === undefined || Math.abs(at - reportedAt) >= REPORT_EVERY_MS));
}

/**
 * The newest listed version if it is newer than the running and the offered one. While the host is busy, the one that was reported before.
 */
function newestListed(o: AgentObservation, offered: string): string | null {
  const { status, version } = o.host;
  const listed = status.kind === 'known' ? status.listedVersions : undefined;
  if (listed === undefined) return status.kind === 'busy' ? (reportedCheckOf(o)?.newest_listed ?? null) : null;
  const newest = listed.reduce<string | undefined>((best, next) => (best === undefined || isNewer(next, best) ? next : best), undefined);
  return newest !== undefined && isNewer(newest, version) && isNewer(newest, offered) ? newest : null;
}

const RELEASE = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})$/;

/** Compares release numbers only: Bottlerocket has no other versions. Anything else is not newer than a release. */
function isNewer(a: string, b: string): boolean {
  const [left, right] = [RELEASE.exec(a), RELEASE.exec(b)];
  if (left === null) return false;
  if (right === null) return true;
  for (let part = 1; part <= 3; part++) if (left[part] !== right[part]) return Number(left[part]) > Number(right[part]);
  return false;
}

const timeOf = ({ timestamp }: HostCommand): number | undefined => timestampMs(timestamp);
