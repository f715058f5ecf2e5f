import type { BottlerocketApi, CommandReport, UpdateCommand, UpdateStatus } from '@brupop/bottlerocket-api';
import { LIMITS } from '@brupop/crd-models';
import { shortenText, timestampMs } from '@brupop/kube-objects';
import type { Clock } from '@brupop/ports';
import { downloadOf, updaterMessage, type AgentStep, type StepOutcome } from '@brupop/state-machine';
import { ApiserverError, type ApiserverClient, type NodeStep } from './apiserver-client.ts';
import { healthOutcome } from './health-outcome.ts';

interface PerformStepDeps {
  readonly apiserver: ApiserverClient;
  readonly host: BottlerocketApi;
  readonly clock: Clock;
}

/** Timeouts of the host's commands. A download may be slow, but must end. */
const COMMAND_TIMEOUT_MS: Readonly<Record<UpdateCommand, number>> = {
  refresh: 5 * 60_000,
  prepare: 60 * 60_000,
  activate: 10 * 60_000,
  deactivate: 10 * 60_000,
};

/** The input of a step. */
export interface StepContext {
  /** The host's status before the step. */
  readonly status: UpdateStatus;
  /** The version that the shadow's spec permits. */
  readonly version: string | undefined;
  /** Whether no update waits for the step to end. */
  readonly unhurried: boolean;
  /** Maximum wait for a host command. A command that takes longer is reported, and the next decision finds the host busy. */
  readonly limitMs: number;
  /** The DaemonSets that were unhealthy before the update, as `namespace/name`. */
  readonly unhealthyBefore: readonly string[];
}

/** The result of a step. */
export interface PerformedStep {
  readonly outcome: StepOutcome;
  /** The host's status after the step, if the step observed it. */
  readonly status: UpdateStatus | undefined;
  /** A host command that continues, for {@link lateOutcome}. */
  readonly pending: PendingCommand | undefined;
}

/** A host command that timed out and may still end. */
export interface PendingCommand {
  readonly command: UpdateCommand;
  /** Timestamp of the most recent command before it. */
  readonly before: string | undefined;
  readonly version: string | undefined;
}

/** The parts of a {@link PerformedStep} that depend on the step. */
interface Result extends Omit<StepOutcome, 'step' | 'at'> {
  readonly status?: UpdateStatus;
  readonly pending?: PendingCommand;
}

/** Performs one step. Transient failures are thrown, and the step is retried. */
export async function performStep(
  deps: PerformStepDeps,
  step: AgentStep,
  context: StepContext,
  signal: AbortSignal,
): Promise<PerformedStep> {
  const { status, pending, ...result } = await resultOf(deps, step, context, signal);
  return { outcome: { step, at: deps.clock.now(), ...bounded(result) }, status, pending };
}

/** Shortens text from the apiserver and the host, whose length is not limited, for the status report. */
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

// Most refreshes have ended by then, so that one status request suffices.
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

/** The outcome of a command, from the report of the most recent one. */
function judge(command: UpdateCommand, report: CommandReport | undefined, version: string | undefined): Pick<Result, 'done' | 'message'> {
  if (report?.type !== command) {
    return { done: false, message: `${command} was followed by ${report?.type ?? 'another command'}, so its result is unknown` };
  }
  if (!report.succeeded) return { done: false, message: failureOf(command, report) };
  return (command === 'prepare' ? judgeDownload(report, version) : undefined) ?? { done: true, message: `${command} completed` };
}

/** A `prepare` may succeed without a download, or with another version: the updater chooses again when it starts. */
function judgeDownload(report: CommandReport, version: string | undefined): Pick<Result, 'done' | 'message'> | undefined {
  const download = downloadOf(report);
  if (download === 'nothing') return { done: false, message: `prepare downloaded nothing: ${updaterMessage(report.message)}` };
  if (download === 'unknown' || download.version === version) return undefined;
  return { done: false, message: `prepare downloaded ${download.version} instead of ${version ?? 'no version'}` };
}

/**
 * The outcome of a command that timed out, once it has ended: the result of a slow refresh is still useful.
 * @param status the current status of the host
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
  return {
    done: progress.done,
    message: progress.message,
    since: timestampMs(progress.since),
    retryAfterMs: progress.retry_after_ms,
    blocked: progress.blocked,
    notice: progress.notice,
    until: progress.until,
    returned: progress.returned,
  };
}

/** A terminal refusal is an outcome to decide on; everything else is thrown, so that the step is retried. */
async function unlessRefused(step: () => Promise<Result>): Promise<Result> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof ApiserverError) || error.retry === 'transient' || error.code === 'NOT_PERMITTED') throw error;
    return { done: false, message: error.message, final: error.code === 'DRAIN_TIMED_OUT' };
  }
}
