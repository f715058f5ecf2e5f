import type { ShadowStatus, ShadowUpdateCheck, UpdateCheckProblem } from '@brupop/crd-models';
import { isSameFailure, outcomeOf } from './outcomes.ts';
import type { AgentObservation, HostCommand, HostUpdateStatus, SeenChecks } from './types.ts';
import { updaterMessage } from './updater-message.ts';

/** A process that has not looked at its host yet. */
export const NOTHING_SEEN: SeenChecks = {};

type Look = { readonly goodAt: number } | { readonly problem: UpdateCheckProblem; readonly message: string };

/** What has been seen after one more look at the host. */
export function followChecks(before: SeenChecks, o: Omit<AgentObservation, 'checks'>): SeenChecks {
  const look = lookAt(o);
  if (look === undefined) return before;
  return 'goodAt' in look ? { goodAt: Math.min(look.goodAt, o.now) } : inTrouble(before, look.problem, look.message, o.now);
}

/** What has been seen after the host could not be asked at all. */
export function inTrouble(before: SeenChecks, problem: UpdateCheckProblem, message: string, now: number): SeenChecks {
  // A wall clock that has jumped back must not make the trouble begin in the future.
  return { ...before, trouble: { problem, message, since: Math.min(before.trouble?.since ?? now, now) } };
}

/** What the host tells of its last check; undefined: nothing. */
function lookAt(o: Omit<AgentObservation, 'checks'>): Look | undefined {
  const { status, version } = o.host;
  if (status.kind === 'busy') return { problem: 'HostBusy', message: 'The host is busy with an update command' };
  const tried = outcomeOf(o, 'refresh');
  const failed = tried === undefined || tried.done ? undefined : tried;
  const refresh = status.kind === 'known' && status.mostRecentCommand?.type === 'refresh' ? status.mostRecentCommand : undefined;
  const endedAt = refresh === undefined ? undefined : timeOf(refresh);
  // Somebody else may have let the host check since our own attempt failed.
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
  // The clock of the host may be off: its own time counts only for checks that this process has not seen.
  return { goodAt: tried?.done === true ? tried.at : (endedAt ?? o.now) };
}

/**
 * Whether the host's last check has told it nothing, although it passes for a success: output that the host cannot read changes nothing of what it knew. A check that
 * finds nothing to update to leaves no chosen version behind, and lists at least the version that runs.
 */
export function saysNothing(status: Extract<HostUpdateStatus, { kind: 'known' }>, running: string): boolean {
  if (status.listedVersions?.length === 0) return true;
  return status.updateState === 'Idle' && (status.chosenVersion ?? running) !== running;
}

/** Whether the host's last command was a check that succeeded, and found that the host runs what it should run. */
export function isUpToDate({ host: { version, status } }: AgentObservation): boolean {
  if (status.kind !== 'known' || status.updateState === 'Unknown') return false;
  if (status.updateState === 'Available') return status.chosenVersion === version;
  if (status.updateState !== 'Idle') return (status.chosenVersion ?? version) === version;
  return status.mostRecentCommand?.type === 'refresh' && status.mostRecentCommand.succeeded && !saysNothing(status, version);
}

/**
 * The version that the host would update to, by its last good check; its own if there is nothing to update to. A check that fails takes the offer away from the
 * host's state, not from the world: what was chosen before stands.
 */
export function offeredVersion(o: AgentObservation): string {
  const { status, version } = o.host;
  const reported = o.shadow.status;
  const told = reported?.current_version === version && reported.boot_id === o.bootId ? reported.target_version : version;
  switch (status.kind) {
    case 'known':
      if (status.updateState === 'Unknown') return told;
      if (status.updateState === 'Idle') return hasFailed(status) ? (status.chosenVersion ?? version) : version;
      // Only a good check takes the choice away while an image is staged: what is staged is then no longer offered.
      return status.chosenVersion ?? version;
    case 'busy':
      return reported?.current_version === version ? reported.target_version : version;
    case 'uninitialized':
      return version;
  }
}

const hasFailed = ({ mostRecentCommand: last }: Extract<HostUpdateStatus, { kind: 'known' }>): boolean =>
  last?.type === 'refresh' && !last.succeeded;

// Most faults of a repository pass sooner, and told by every node of a fleet at once each would be a storm of writes.
const BLIND_FOR_MS = 30 * 60_000;
/** How often the time of the last good check is written if nothing else is new. */
export const REPORT_EVERY_MS: number = 60 * 60_000;

/** What was told last of checks since the host booted. */
function reportedCheckOf(o: Pick<AgentObservation, 'shadow' | 'bootId' | 'reportedCheck'>): ShadowUpdateCheck | undefined {
  const { status } = o.shadow;
  return o.reportedCheck ?? (status?.boot_id === o.bootId ? (status.update_check ?? undefined) : undefined);
}

type CheckObservation = Pick<AgentObservation, 'shadow' | 'bootId' | 'now' | 'settings' | 'checks' | 'reportedCheck'>;

/** Why, and since when, nothing is known of updates any more; undefined: what is known is good enough. */
function failing(o: CheckObservation): Pick<ShadowUpdateCheck, 'reason' | 'message'> | undefined {
  const { goodAt, trouble } = o.checks ?? NOTHING_SEEN;
  const told = reportedCheckOf(o);
  // A process that has seen nothing yet knows no better than the one before it.
  if (told?.result === 'Failing' && goodAt === undefined)
    return trouble === undefined ? told : { reason: trouble.problem, message: trouble.message };
  if (trouble === undefined) return undefined;
  const known = goodAt ?? millisecondsOf(told?.checked_at);
  const rarely = Math.max(REPORT_EVERY_MS, o.settings.updateCheckIntervalMs);
  const patience = known === undefined ? BLIND_FOR_MS : rarely + BLIND_FOR_MS;
  const quietSince = known ?? (told?.result === 'NotChecked' ? millisecondsOf(told.since) : undefined) ?? o.now;
  const isLate = o.now - trouble.since >= BLIND_FOR_MS || o.now - quietSince >= patience;
  return isLate ? { reason: trouble.problem, message: trouble.message } : undefined;
}

/** What is known of updates, to be told with whatever is written. @param offered by the last good check */
function checkOf(o: CheckObservation, running: string, offered: string, listed: string | null): ShadowUpdateCheck {
  const told = reportedCheckOf(o);
  const { goodAt = millisecondsOf(told?.checked_at) } = o.checks ?? NOTHING_SEEN;
  const trouble = failing(o);
  const result =
    trouble !== undefined ? 'Failing' : offered !== running ? 'UpdateAvailable' : goodAt === undefined ? 'NotChecked' : 'NothingNewer';
  const isTold =
    told?.result === result && told.reason === (trouble?.reason ?? null) && isSameFailure(told.message ?? '', trouble?.message ?? '');
  return {
    result,
    checked_at: goodAt === undefined ? null : new Date(goodAt).toISOString(),
    since: (told?.result === result ? told.since : undefined) ?? new Date(o.now).toISOString(),
    reason: trouble?.reason ?? null,
    message: isTold ? (told.message ?? null) : (trouble?.message ?? null),
    interval_seconds: Math.ceil(o.settings.updateCheckIntervalMs / 1_000),
    newest_listed: listed,
  };
}

/** The version to tell as that to update to, and what is known of it. */
export function versionsToReport(o: AgentObservation): { readonly target: string; readonly check: ShadowUpdateCheck } {
  const running = o.host.version;
  const offered = offeredVersion(o);
  const check = checkOf(o, running, offered, newestListed(o, offered));
  // What nobody knows any more is no offer: the node would be taken out of service for it.
  return { target: check.result === 'Failing' ? running : offered, check };
}

/** The same of a host that cannot be asked. @param problem what has been seen, see {@link inTrouble} */
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

/** Whether a check is worth a write of its own. */
export function hasCheckChanged(check: ShadowUpdateCheck, o: Pick<AgentObservation, 'shadow' | 'bootId' | 'reportedCheck'>): boolean {
  const told = reportedCheckOf(o);
  if (told === undefined) return true;
  const isOther = (['result', 'reason', 'message', 'newest_listed'] as const).some(
    (field) => (check[field] ?? null) !== (told[field] ?? null),
  );
  const [at, toldAt] = [millisecondsOf(check.checked_at), millisecondsOf(told.checked_at)];
  return isOther || (at !== undefined && (toldAt === undefined || Math.abs(at - toldAt) >= REPORT_EVERY_MS));
}

/** The newest version listed if it is newer than what the host runs and would update to; what was told before if the host does not tell now. */
function newestListed(o: AgentObservation, offered: string): string | null {
  const { status, version } = o.host;
  const listed = status.kind === 'known' ? status.listedVersions : undefined;
  if (listed === undefined) return status.kind === 'busy' ? (reportedCheckOf(o)?.newest_listed ?? null) : null;
  const newest = listed.reduce<string | undefined>((best, next) => (best === undefined || isNewer(next, best) ? next : best), undefined);
  return newest !== undefined && isNewer(newest, version) && isNewer(newest, offered) ? newest : null;
}

const RELEASE = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})$/;

/** By release numbers alone: Bottlerocket has no other versions. What is none is not newer than anything. */
function isNewer(a: string, b: string): boolean {
  const [left, right] = [RELEASE.exec(a), RELEASE.exec(b)];
  if (left === null) return false;
  if (right === null) return true;
  for (let part = 1; part <= 3; part++) if (left[part] !== right[part]) return Number(left[part]) > Number(right[part]);
  return false;
}

const timeOf = ({ timestamp }: HostCommand): number | undefined => millisecondsOf(timestamp);

function millisecondsOf(timestamp: string | null | undefined): number | undefined {
  const time = Date.parse(timestamp ?? '');
  return Number.isNaN(time) ? undefined : time;
}
