import type { UpdateStatus } from '@brupop/bottlerocket-api';
import type { ShadowSpec, ShadowStatus, ShadowUpdateCheck } from '@brupop/crd-models';
import type { Logger } from '@brupop/process';
import { NOTHING_SEEN, withOutcome } from '@brupop/state-machine';
import type { Action, SeenChecks, StepOutcome } from '@brupop/state-machine';
import type { PendingCommand } from './perform-step.ts';

/** What the agent knows between two decisions. All of it may be lost: steps are then repeated, which does no harm. */
export class AgentMemory {
  /** The version that the host runs since this boot. */
  running: { readonly bootId: string; readonly version: string } | undefined;
  /** What the host's command that has just ended left: the next observation need not ask again. */
  hostStatus: UpdateStatus | undefined;
  /** What was seen of the host's checks for updates since it booted. */
  checks: SeenChecks = NOTHING_SEEN;
  #reportedCheck: { readonly bootId: string | undefined; readonly check: ShadowUpdateCheck } | undefined;
  /** The version that was last downloaded to the staging partition, as the host's updater named it. */
  downloaded: string | undefined;
  /** A command of the host that was waited for in vain, and may still end. */
  pending: PendingCommand | undefined;
  /** Since when the host API has not answered, milliseconds since the Unix epoch. */
  unansweredSince: number | undefined;
  #outcomes: readonly StepOutcome[] = [];
  #lastCheckedAt: number | undefined;
  #phase = '';
  #enteredMs = 0;
  #logged = '';

  /** Outcomes since the shadow last changed, oldest first. */
  get outcomes(): readonly StepOutcome[] {
    return this.#outcomes;
  }

  /** When the host last looked for updates, milliseconds since the Unix epoch. */
  get lastCheckedAt(): number | undefined {
    return this.#lastCheckedAt;
  }

  /** What was last written of checks for updates since this boot of the host. */
  reportedCheck(bootId: string): ShadowUpdateCheck | undefined {
    return this.#reportedCheck?.bootId === bootId ? this.#reportedCheck.check : undefined;
  }

  /** The host's status as just seen, once: later it may have changed. */
  takeHostStatus(): UpdateStatus | undefined {
    const status = this.hostStatus;
    this.hostStatus = undefined;
    return status;
  }

  /**
   * Outcomes belong to what was asked for; something else is asked for now.
   * @param monotonicMs of a clock that never jumps
   */
  enter(spec: ShadowSpec, monotonicMs: number): void {
    const phase = `${spec.state} ${spec.version ?? ''} ${spec.state_transition_timestamp ?? ''}`;
    if (phase === this.#phase) return;
    this.#outcomes = [];
    this.#phase = phase;
    this.#enteredMs = monotonicMs;
  }

  /** For how long the present spec has been known. */
  specAgeMs(monotonicMs: number): number {
    return monotonicMs - this.#enteredMs;
  }

  remember(outcome: StepOutcome): void {
    const before = this.#outcomes.find(({ step }) => step === outcome.step);
    // What lasts counts from when it began, not from the last look at it; unless the wall clock has since gone back: then from now.
    const began = before?.since ?? before?.at ?? outcome.at;
    const goesOn = lasts(outcome) && before?.done === outcome.done && began <= outcome.at;
    const since = goesOn ? began : outcome.since;
    this.#outcomes = withOutcome(this.#outcomes, { ...outcome, since });
    if (outcome.step === 'refresh') this.#lastCheckedAt = outcome.at;
  }

  /**
   * Called after a status was written. If it reports that a step was reached, the outcomes that led to it are forgotten, except a drain that a reboot is to
   * follow. If it reports only trouble, or what keeps the step that is under way from getting on, they are kept, so that steps and their pauses go on.
   */
  reported(status: ShadowStatus, before: ShadowStatus | null | undefined): void {
    const { current_state: state, progress, update_check: check = null, boot_id: bootId } = status;
    this.#reportedCheck = check === null ? undefined : { bootId, check };
    const isSameStep = progress?.step === before?.progress?.step && progress?.since === before?.progress?.since;
    if (isSameStep && state === before?.current_state) return;
    this.#outcomes = this.#outcomes.filter(({ step }) => step === 'cordon-and-drain' && progress?.step === 'Rebooting');
  }

  /** Logs a decision, unless it is the same as the last. */
  log(log: Logger, { kind, reason }: Action): void {
    const told = `${kind} ${reason}`;
    if (told === this.#logged) return;
    this.#logged = told;
    if (kind === 'wait' || kind === 'refresh') log.debug('Decided', { action: kind, reason });
    else log.info('Decided', { action: kind, reason });
  }
}

/** Whether it matters for how long it has been so. */
function lasts({ step }: StepOutcome): boolean {
  return step === 'check-health';
}
