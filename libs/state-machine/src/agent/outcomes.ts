import type { Action, AgentObservation, AgentStep, StepOutcome } from './types.ts';

/** What became of `step` since the shadow last changed. */
export function outcomeOf(o: Pick<AgentObservation, 'outcomes'>, step: AgentStep): StepOutcome | undefined {
  return o.outcomes?.find((outcome) => outcome.step === step);
}

/** The step performed last since the shadow last changed. */
export function lastOutcome(o: AgentObservation): StepOutcome | undefined {
  return o.outcomes?.at(-1);
}

/** The outcomes after one more; the newest of each step, in the order in which they ended. */
export function withOutcome(outcomes: readonly StepOutcome[], outcome: StepOutcome): readonly StepOutcome[] {
  return [...outcomes.filter(({ step }) => step !== outcome.step), outcome];
}

// Of one failure and the next only the details differ, and those are in the log.
const TELLING = 120;

/** Whether `message` says nothing that has not been `told`. */
export function isSameFailure(told: string, message: string): boolean {
  return told.startsWith(message.slice(0, TELLING));
}

/** `step` now, or, if it has just been tried in vain, after a pause. */
export function stepOrPause(o: AgentObservation, step: AgentStep, reason: string): Action {
  const before = outcomeOf(o, step);
  if (before !== undefined) {
    const until = before.at + (before.retryAfterMs ?? o.settings.retryMs);
    // A wall clock that has jumped back must not turn the pause into hours.
    if (o.now >= before.at && o.now < until) return { kind: 'wait', reason: before.message, until };
  }
  return { kind: step, reason };
}

/** Waits for the host's updater to end its command. */
export function waitWhileBusy(o: AgentObservation): Action {
  return { kind: 'wait', reason: 'The host is busy with an update command', until: o.now + o.settings.busyPollMs };
}

/**
 * Makes the node schedulable and brings it back to the load balancers.
 * @returns the next step, or undefined when both are done
 */
export function giveNodeBack(o: AgentObservation, reason: string): Action | undefined {
  const uncordoned = outcomeOf(o, 'uncordon');
  if (uncordoned?.done !== true) return stepOrPause(o, 'uncordon', reason);
  if (uncordoned.returned === true) return undefined;
  if (outcomeOf(o, 'remove-lb-exclusion')?.done !== true) return stepOrPause(o, 'remove-lb-exclusion', reason);
  return undefined;
}

/**
 * {@link giveNodeBack} if an update has begun to disturb the node. To be done before a failure is reported, not after: on a cluster of one node the
 * controller that is to take the report up finds no other place to run.
 */
export function restoreIfOwned(o: AgentObservation, reason: string): Action | undefined {
  return (o.shadow.status?.progress ?? null) === null ? undefined : giveNodeBack(o, reason);
}
