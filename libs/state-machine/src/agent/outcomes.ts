import type { Action, AgentObservation, AgentStep, StepOutcome } from './types.ts';

/** The latest outcome of `step` since the shadow last changed. */
export function outcomeOf(o: Pick<AgentObservation, 'outcomes'>, step: AgentStep): StepOutcome | undefined {
  return o.outcomes?.find((outcome) => outcome.step === step);
}

/** The outcome of the last step since the shadow last changed. */
export function lastOutcome(o: AgentObservation): StepOutcome | undefined {
  return o.outcomes?.at(-1);
}

/** The outcomes with another one added: the latest of each step, in the order in which the steps ended. */
export function withOutcome(outcomes: readonly StepOutcome[], outcome: StepOutcome): readonly StepOutcome[] {
  return [...outcomes.filter(({ step }) => step !== outcome.step), outcome];
}

// Messages of repeated failures differ only in details further on, and those are in the log.
const COMPARED_LENGTH = 120;

/** Whether `message` describes the same failure as the `reported` one. */
export function isSameFailure(reported: string, message: string): boolean {
  return reported.startsWith(message.slice(0, COMPARED_LENGTH));
}

/** `step` now or, if it has just failed, after a pause. */
export function stepOrPause(o: AgentObservation, step: AgentStep, reason: string): Action {
  const before = outcomeOf(o, step);
  if (before !== undefined) {
    const until = before.at + (before.retryAfterMs ?? o.settings.retryMs);
    // The pause must not become hours if the wall clock has jumped back.
    if (o.now >= before.at && o.now < until) return { kind: 'wait', reason: before.message, until };
  }
  return { kind: step, reason };
}

/** Waits until the host's updater has ended its command. */
export function waitWhileBusy(o: AgentObservation): Action {
  return { kind: 'wait', reason: 'The host is busy with an update command', until: o.now + o.settings.busyPollMs };
}

/**
 * Uncordons the node and removes its exclusion from load balancers.
 * @returns the next step, or undefined when both are complete
 */
export function restoreNode(o: AgentObservation, reason: string): Action | undefined {
  const uncordoned = outcomeOf(o, 'uncordon');
  if (uncordoned?.done !== true) return stepOrPause(o, 'uncordon', reason);
  if (uncordoned.returned === true) return undefined;
  if (outcomeOf(o, 'remove-lb-exclusion')?.done !== true) return stepOrPause(o, 'remove-lb-exclusion', reason);
  return undefined;
}

/**
 * {@link restoreNode} if an update has begun to disrupt the node. This comes before the report of a failure: in a cluster with one node the
 * controller, which has to acknowledge the report, cannot run anywhere else.
 */
export function restoreIfOwned(o: AgentObservation, reason: string): Action | undefined {
  return (o.shadow.status?.progress ?? null) === null ? undefined : restoreNode(o, reason);
}
