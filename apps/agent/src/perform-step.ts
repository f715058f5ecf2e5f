import type { BottlerocketApi, CommandReport, UpdateCommand, UpdateStatus } from '@brupop/bottlerocket-api';
import { LIMITS, shortenText } from '@brupop/crd-models';
import type { Clock } from '@brupop/ports';
import { downloadOf, updaterMessage } from '@brupop/state-machine';
import type { AgentStep, StepOutcome } from '@brupop/state-machine';
import { ApiserverError } from './apiserver-client.ts';
import type { ApiserverClient, NodeStep } from './apiserver-client.ts';
import { healthOutcome } from './health-outcome.ts';

/** What {@link performStep} needs. */
export interface PerformStepDeps {
  readonly apiserver: ApiserverClient;
  readonly host: BottlerocketApi;
  readonly clock: Clock;
}

/** How long the host's commands may take. A download may be slow; none may hang for ever. */
const COMMAND_TIMEOUT_MS: Readonly<Record<UpdateCommand, number>> = {
  refresh: 5 * 60_000,
  prepare: 60 * 60_000,
  activate: 10 * 60_000,
  deactivate: 10 * 60_000,
};

/** Where a step starts from. */
export interface StepContext {
  /** The host's, before the step. */
  readonly status: UpdateStatus;
  /** The version that the shadow's spec permits. */
  readonly version: string | undefined;
  /** Whether nobody waits for the step to end. */
  readonly unhurried: boolean;
  /** How long a command of the host is waited for at most; then it is told of, and decided anew. One that goes on leaves the host busy. */
  readonly limitMs: number;
  /** The DaemonSets that were unhealthy before the update, as `namespace/name`. */
  readonly unhealthyBefore: readonly string[];
}

/** What a step came to. */
export interface PerformedStep {
  readonly outcome: StepOutcome;
  /** The host's status after the step, where the step has shown it. */
  readonly status: UpdateStatus | undefined;
  /** A command of the host that goes on, for {@link lateOutcome}. */
  readonly pending: PendingCommand | undefined;
}

/** A command of the host that was waited for in vain, and may still end. */
export interface PendingCommand {
  readonly command: UpdateCommand;
  /** Timestamp of the most recent command before it. */
  readonly before: string | undefined;
  readonly version: string | undefined;
}

/** A {@link StepOutcome} in the making, with the host's status where the step has shown it. */
interface Result extends Omit<StepOutcome, 'step' | 'at'> {
  readonly status?: UpdateStatus;
  readonly pending?: PendingCommand;
}

/** Takes one step and tells what became of it. Failures that may pass by themselves are thrown, and the step taken again. */
export async function performStep(
  deps: PerformStepDeps,
  step: AgentStep,
  context: StepContext,
  signal: AbortSignal,
): Promise<PerformedStep> {
  const { status, pending, ...result } = await resultOf(deps, step, context, signal);
  return { outcome: { step, at: deps.clock.now(), ...bounded(result) }, status, pending };
}

/** What the apiserver quotes, or the host says, may be of any length: the report of it may not. */
function bounded<T extends Pick<StepOutcome, 'message' | 'blocked'>>(result: T): T {
  const { message, blocked } = result;
  const shorter = blocked && { reason: shortenText(blocked.reason, LIMITS.word), message: shortenText(blocked.message) };
  return { ...result, message: shortenText(message), ...(shorter && { blocked: shorter }) };
}

function resultOf(deps: PerformStepDeps, step: AgentStep, context: StepContext, signal: AbortSignal): Promise<Result> {
  switch (step) {
    case 'refresh':
    case 'prepare':
    case 'activate':
    case 'deactivate':
      return runCommand(deps.host, step, context, signal);
    case 'reboot':
      return askForReboot(deps.host, signal);
    case 'exclude-from-lb':
    case 'cordon-and-drain':
    case 'uncordon':
    case 'remove-lb-exclusion':
      return unlessRefused(() => takeNodeStep(deps.apiserver, step, signal));
    case 'check-health':
      return unlessRefused(async () => healthOutcome(await deps.apiserver.health(signal), context.unhealthyBefore));
  }
}

// Most refreshes have ended by then: one look is enough.
const UNHURRIED_MS = 2_000;

async function runCommand(
  host: BottlerocketApi,
  command: UpdateCommand,
  { status, version, unhurried, limitMs }: StepContext,
  signal: AbortSignal,
): Promise<Result> {
  const timeoutMs = Math.min(limitMs, COMMAND_TIMEOUT_MS[command]);
  const before = status.kind === 'known' ? status.mostRecentCommand?.timestamp : undefined;
  const answer = await host[command](signal);
  if (answer.kind !== 'started') return { done: false, message: answer.message };
  const pace = unhurried ? { firstPauseMs: UNHURRIED_MS } : {};
  const result = await host.awaitCommand(command, { before, timeoutMs, ...pace }, signal);
  switch (result.kind) {
    case 'ended':
      return { ...judge(command, result.status.mostRecentCommand, version), status: result.status };
    case 'timeout':
      return { done: false, message: result.message, pending: { command, before, version } };
    case 'vanished':
      return { done: false, message: result.message };
  }
}

/** What became of a command, by the report of the most recent one. */
function judge(command: UpdateCommand, report: CommandReport | undefined, version: string | undefined): Pick<Result, 'done' | 'message'> {
  if (report?.type !== command) {
    return { done: false, message: `${command} was followed by ${report?.type ?? 'another command'}, so its result is unknown` };
  }
  if (!report.succeeded) return { done: false, message: failureOf(command, report) };
  return (command === 'prepare' ? judgeDownload(report, version) : undefined) ?? { done: true, message: `${command} completed` };
}

/** A `prepare` may succeed without having downloaded anything, or with another version: the updater chooses anew when it begins. */
function judgeDownload(report: CommandReport, version: string | undefined): Pick<Result, 'done' | 'message'> | undefined {
  const download = downloadOf(report);
  if (download === 'nothing') return { done: false, message: `prepare downloaded nothing: ${updaterMessage(report.message)}` };
  if (download === 'unknown' || download.version === version) return undefined;
  return { done: false, message: `prepare downloaded ${download.version} instead of ${version ?? 'no version'}` };
}

/**
 * What became of a command that was waited for in vain, once it has ended: a refresh that takes longer than we wait has found something all the same.
 * @param status the host's, as just seen
 * @param now milliseconds since the Unix epoch
 */
export function lateOutcome({ command, before, version }: PendingCommand, status: UpdateStatus, now: number): StepOutcome | undefined {
  if (status.kind !== 'known' || status.mostRecentCommand === undefined || status.mostRecentCommand.timestamp === before) return undefined;
  return { step: command, at: now, ...judge(command, status.mostRecentCommand, version) };
}

function failureOf(command: UpdateCommand, { exitStatus, message }: CommandReport): string {
  const failure = `${command} failed with exit status ${String(exitStatus)}`;
  const text = updaterMessage(message);
  return text === '' ? `${failure} and without a message` : `${failure}: ${text}`;
}

async function askForReboot(host: BottlerocketApi, signal: AbortSignal): Promise<Result> {
  const answer = await host.reboot(signal);
  return answer.kind === 'started' ? { done: true, message: 'The host accepted the reboot' } : { done: false, message: answer.message };
}

async function takeNodeStep(apiserver: ApiserverClient, step: NodeStep, signal: AbortSignal): Promise<Result> {
  const progress = await apiserver.takeStep(step, signal);
  const since = Date.parse(progress.since ?? '');
  return {
    done: progress.done,
    message: progress.message,
    since: Number.isNaN(since) ? undefined : since,
    retryAfterMs: progress.retry_after_ms,
    blocked: progress.blocked,
    notice: progress.notice,
    until: progress.until,
    returned: progress.returned,
  };
}

/** A refusal that stands is an outcome to decide on; the rest is thrown, for the step to be taken again. */
async function unlessRefused(step: () => Promise<Result>): Promise<Result> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof ApiserverError) || error.retry === 'transient' || error.code === 'NOT_PERMITTED') throw error;
    return { done: false, message: error.message, final: error.code === 'DRAIN_TIMED_OUT' };
  }
}
