import { timestampMs } from '@brupop/kube-objects';
import { isSameFailure, lastOutcome, outcomeOf, stepOrPause } from './outcomes.ts';
import { reportFailure, reportTrouble, type Blame } from './status.ts';
import type { Action, AgentObservation, AgentStep, StepOutcome } from './types.ts';

/**
 * Performs `step`, and retries it with a pause after each failure until the deadline of staging. It is attempted once even after the
 * deadline, because the agent may have been down.
 * @param blame what is to blame if the step does not succeed before the deadline
 */
export function tryStep(o: AgentObservation, version: string, step: AgentStep, reason: string, blame: Blame = 'other'): Action {
  const before = outcomeOf(o, step);
  // The step is requested again because the host is still in the same state, whatever the outcome of the step says.
  if (before !== undefined && isLate(o)) return reportFailure(o, version, `${reason}: ${before.message}`, blame);
  return newFailure(o, reason, before) ?? stepOrPause(o, step, reason);
}

/** Reports the failure while the step is retried, not only when it is given up. */
function newFailure(o: AgentObservation, step: string, outcome: StepOutcome | undefined): Action | undefined {
  // A later step may have fixed the failure.
  if (outcome === undefined || outcome.done || outcome !== lastOutcome(o)) return undefined;
  const message = `${step}: ${outcome.message}`;
  const reported = o.shadow.status?.failure_message ?? '';
  return isSameFailure(reported, message) ? undefined : reportTrouble(o, message);
}

/** Whether the timeout for host commands has passed since the spec was written. */
export function isLate(o: AgentObservation): boolean {
  const since = timestampMs(o.shadow.spec.state_transition_timestamp);
  return since !== undefined && o.now >= since + o.settings.stageTimeoutMs;
}
