import type { UpdateStatus } from '@brupop/bottlerocket-api';
import type { ShadowSpec, ShadowStatus, ShadowUpdateCheck } from '@brupop/crd-models';
import type { Logger } from '@brupop/ports';
import { NOTHING_SEEN, withOutcome, type Action, type SeenChecks, type StepOutcome } from '@brupop/state-machine';
import type { PendingCommand } from './perform-step.ts';

/** What the agent remembers between two decisions. It may be lost at any time: steps are then repeated, and all of them are idempotent. */
export class AgentMemory {
  /** The version that the host has run since this boot. */
  running: { readonly bootId: string; readonly version: string } | undefined;
  /** The host's status after the command that has just ended; it saves the next observation a request. */
  hostStatus: UpdateStatus | undefined;
  /** The host's update checks since it booted, as observed. */
  checks: SeenChecks = NOTHING_SEEN;
  #reportedCheck: { readonly bootId: string | undefined; readonly check: ShadowUpdateCheck } | undefined;
  /** The version last downloaded to the staging partition, as the host's updater reported it. */
  downloaded: string | undefined;
  /** A host command that timed out and may still end. */
  pending: PendingCommand | undefined;
  /** Since when the host API has not answered, in milliseconds since the Unix epoch. */
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

  /** When the host last checked for updates, in milliseconds since the Unix epoch. */
  get lastCheckedAt(): number | undefined {
    return this.#lastCheckedAt;
  }

  /** The update check that was last reported since this boot of the host. */
  reportedCheck(bootId: string): ShadowUpdateCheck | undefined {
    return this.#reportedCheck?.bootId === bootId ? this.#reportedCheck.check : undefined;
  }

  /** Returns {@link hostStatus} once: later it may be stale. */
  takeHostStatus(): UpdateStatus | undefined {
    const status = this.hostStatus;
    this.hostStatus = undefined;
    return status;
  }

  /**
   * Called with the current spec. Outcomes belong to a spec: a different one clears them.
   * @param monotonicMs of a clock that never jumps
   */
  enter(spec: ShadowSpec, monotonicMs: number): void {
    const phase = `${spec.state} ${spec.version ?? ''} ${spec.state_transition_timestamp ?? ''}`;
    if (phase === this.#phase) return;
    this.#outcomes = [];
    this.#phase = phase;
    this.#enteredMs = monotonicMs;
  }

  /** How long the current spec has been known. */
  specAgeMs(monotonicMs: number): number {
    return monotonicMs - this.#enteredMs;
  }

  remember(outcome: StepOutcome): void {
    const before = this.#outcomes.find(({ step }) => step === outcome.step);
    // A lasting condition counts from its start, not from the last observation; from now if the wall clock has gone back.
    const began = before?.since ?? before?.at ?? outcome.at;
    const continues = lasts(outcome) && before?.done === outcome.done && began <= outcome.at;
    const since = continues ? began : outcome.since;
    this.#outcomes = withOutcome(this.#outcomes, { ...outcome, since });
    if (outcome.step === 'refresh') this.#lastCheckedAt = outcome.at;
  }

  /**
   * Called after a status was written. A report of a new step clears the outcomes that led to it, except a drain before a reboot. A report
   * that only describes a problem with the current step keeps them, so that the step and its pauses continue.
   */
  reported(status: ShadowStatus, before: ShadowStatus | null | undefined): void {
    const { current_state: state, progress, update_check: check = null, boot_id: bootId } = status;
    this.#reportedCheck = check === null ? undefined : { bootId, check };
    const isSameStep = progress?.step === before?.progress?.step && progress?.since === before?.progress?.since;
    if (isSameStep && state === before?.current_state) return;
    this.#outcomes = this.#outcomes.filter(({ step }) => step === 'cordon-and-drain' && progress?.step === 'Rebooting');
  }

  /** Logs a decision, unless it equals the previous one. */
  log(log: Logger, { kind, reason }: Action): void {
    const decision = `${kind} ${reason}`;
    if (decision === this.#logged) return;
    this.#logged = decision;
    if (kind === 'wait' || kind === 'refresh') log.debug('Decided', { action: kind, reason });
    else log.info('Decided', { action: kind, reason });
  }
}

/** Whether the duration of the outcome matters. */
function lasts({ step }: StepOutcome): boolean {
  return step === 'check-health';
}
