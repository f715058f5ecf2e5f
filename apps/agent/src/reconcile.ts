import type { BottlerocketApi, UpdateStatus } from '@brupop/bottlerocket-api';
import { LIMITS, type ShadowStatus, type UpdateCheckProblem } from '@brupop/crd-models';
import { shortenText } from '@brupop/kube-objects';
import { BrupopError, describeError, type Clock, type Logger } from '@brupop/ports';
import {
  decideAction,
  decideUnanswered,
  decideWithoutHost,
  downloadOf,
  followChecks,
  inTrouble,
  type AgentObservation,
  type AgentSettings,
  type AgentStep,
} from '@brupop/state-machine';
import type { AgentMemory } from './agent-memory.ts';
import { ApiserverError, type ApiserverClient } from './apiserver-client.ts';
import { FRESH_MS, needsFreshSpec, orReadAfresh, readAfresh } from './fresh-spec.ts';
import { lateOutcome, performStep } from './perform-step.ts';
import type { ShadowCache } from './shadow-cache.ts';

/** Dependencies of {@link reconcile}. */
export interface ReconcileDeps {
  readonly apiserver: ApiserverClient;
  readonly host: BottlerocketApi;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: AgentSettings;
  readonly readBootId: () => string;
  readonly shadows: ShadowCache;
  readonly memory: AgentMemory;
}

/** When to reconcile again: immediately, or when the shadow changes, but no later than `until` (milliseconds since the Unix epoch). */
export type Next = 'now' | { readonly until: number | undefined };

/** Observes, decides, and performs one step. Safe to repeat after a failure at any line. */
export async function reconcile(deps: ReconcileDeps, signal: AbortSignal): Promise<Next> {
  const observation = await observe(deps, signal).catch(async (error: unknown) => {
    signal.throwIfAborted();
    await reportUnreachableHost(deps, error, signal);
    throw error;
  });
  if (observation === undefined) return { until: undefined };
  const action = decideAction(observation);
  deps.memory.log(deps.log, action);
  switch (action.kind) {
    case 'wait':
      return { until: action.until };
    case 'report':
      await report(deps, action.status, observation.shadow.status, signal);
      return 'now';
    default:
      await perform(deps, action.kind, observation, signal);
      return 'now';
  }
}

async function observe(deps: ReconcileDeps, signal: AbortSignal): Promise<AgentObservation | undefined> {
  // Taken first, so that a retry after a failure below does not use it.
  const seen = deps.memory.takeHostStatus();
  // The shadow is read last: a change during the requests to the host notifies again, and an older shadow must not be combined with a newer
  // status.
  const bootId = deps.readBootId();
  const version = await runningVersion(deps, bootId, signal);
  const status = seen ?? (await deps.host.status(signal));
  deps.memory.unansweredSince = undefined;
  const shadow = deps.shadows.current();
  if (shadow === undefined) return undefined;
  const { settings, clock, memory } = deps;
  memory.enter(shadow.spec, clock.monotonic());
  noteLateCommand(memory, status, clock.now());
  noteDownload(memory, status);
  const { lastCheckedAt, outcomes, downloaded } = memory;
  const reportedCheck = memory.reportedCheck(bootId);
  const specAgeMs = memory.specAgeMs(clock.monotonic());
  const host = { version, status };
  const remembered = { reportedCheck, specAgeMs };
  const observation = { shadow, host, bootId, now: clock.now(), settings, lastCheckedAt, outcomes, downloaded, ...remembered };
  memory.checks = followChecks(memory.checks, observation);
  return { ...observation, checks: memory.checks };
}

function noteLateCommand(memory: AgentMemory, status: UpdateStatus, now: number): void {
  if (memory.pending === undefined || status.kind === 'busy') return;
  const outcome = lateOutcome(memory.pending, status, now);
  memory.pending = undefined;
  if (outcome !== undefined) memory.remember(outcome);
}

/** The host reports what it downloaded only until its next command. */
function noteDownload(memory: AgentMemory, status: UpdateStatus): void {
  const report = status.kind === 'known' ? status.mostRecentCommand : undefined;
  if (report?.type !== 'prepare') return;
  const download = report.succeeded ? downloadOf(report) : 'unknown';
  memory.downloaded = typeof download === 'string' ? undefined : download.version;
}

const PROBLEMS: Readonly<Partial<Record<string, UpdateCheckProblem>>> = { HOST_UNREACHABLE: 'HostUnreachable', HOST_ANSWER: 'HostAnswer' };

/** The last report of a host that does not answer must not be shown as current indefinitely. */
async function reportUnreachableHost(deps: ReconcileDeps, error: unknown, signal: AbortSignal): Promise<void> {
  const problem = error instanceof BrupopError ? PROBLEMS[error.code] : undefined;
  if (problem === undefined) return;
  const { memory, clock, settings } = deps;
  memory.checks = inTrouble(memory.checks, problem, problemOf(error), clock.now());
  const shadow = deps.shadows.current();
  if (shadow === undefined) return;
  const bootId = deps.readBootId();
  const now = clock.now();
  // If the wall clock jumps back, the silence must not start in the future.
  memory.unansweredSince = Math.min(memory.unansweredSince ?? now, now);
  memory.enter(shadow.spec, clock.monotonic());
  const { checks, outcomes, unansweredSince } = memory;
  const observed = { shadow, bootId, now, settings, checks, outcomes, reportedCheck: memory.reportedCheck(bootId) };
  const action = decideUnanswered(observed, problemOf(error), unansweredSince) ?? decideWithoutHost(observed);
  if (action !== undefined) await report(deps, action.status, shadow.status, signal);
}

const LONGEST_PROBLEM = 500;

const problemOf = (error: unknown): string => shortenText(describeError(error), LONGEST_PROBLEM);

/** Requested once per boot: nothing else changes it. */
async function runningVersion({ host, memory }: ReconcileDeps, bootId: string, signal: AbortSignal): Promise<string> {
  if (memory.running?.bootId !== bootId) memory.running = { bootId, version: (await host.os(signal)).version };
  return memory.running.version;
}

/** The report with its messages shortened; 0 leaves them out. */
function boundedReport(status: ShadowStatus, longest: number): ShadowStatus {
  const { progress, failure_message: failure, update_check: check } = status;
  const shorter = (text: string): string => shortenText(text, longest);
  return {
    ...status,
    ...(typeof failure === 'string' ? { failure_message: longest === 0 ? null : shorter(failure) } : {}),
    ...(progress?.message === undefined ? {} : { progress: { ...progress, message: shorter(progress.message) } }),
    ...(typeof check?.message !== 'string' ? {} : { update_check: { ...check, message: shorter(check.message) } }),
  };
}

async function report(
  { apiserver, shadows, memory, log }: ReconcileDeps,
  status: ShadowStatus,
  before: AgentObservation['shadow']['status'],
  signal: AbortSignal,
): Promise<void> {
  const bounded = boundedReport(status, LIMITS.message);
  const put = async (): Promise<void> => {
    try {
      await apiserver.putStatus(bounded, signal);
    } catch (error) {
      if (!(error instanceof ApiserverError) || ![400, 413].includes(error.status)) throw error;
      // The state of the node must be known, even if its messages cannot be stored.
      log.warn('The apiserver rejected the status report; sending it again without messages', { reason: error.message });
      await apiserver.putStatus(boundedReport(status, 0), signal);
    }
  };
  await orReadAfresh({ apiserver, shadows }, put, signal);
  shadows.wrote(bounded);
  memory.reported(status, before);
  log.info('Reported the status', {
    state: status.current_state,
    version: status.current_version,
    targetVersion: status.target_version,
    step: status.progress?.step,
    crashCount: status.crash_count,
  });
}

async function perform(deps: ReconcileDeps, step: AgentStep, observation: AgentObservation, signal: AbortSignal): Promise<void> {
  const { host, shadow } = observation;
  if (needsFreshSpec(step, observation) && !deps.shadows.isFresh(FRESH_MS)) {
    await readAfresh(deps, signal);
    return;
  }
  // Idle, or staged and waiting for a slot.
  const unhurried = shadow.spec.state === shadow.status?.current_state;
  // The agent's limit ends a stuck download before the controller's, which could not give a reason.
  const context = {
    status: host.status,
    version: shadow.spec.version ?? undefined,
    unhurried,
    limitMs: deps.settings.stageTimeoutMs,
    unhealthyBefore: shadow.status?.unhealthy_before ?? [],
  };
  // Whatever the result of the download, the previous image is gone.
  if (step === 'prepare') deps.memory.downloaded = undefined;
  const { outcome, status, pending } = await orReadAfresh(deps, () => performStep(deps, step, context, signal), signal);
  deps.memory.remember(outcome);
  deps.memory.hostStatus = status;
  deps.memory.pending = pending;
  if (!outcome.done) deps.log.debug('The step is not complete', { step, reason: outcome.message });
}
