import { isSameFailure, lastOutcome, outcomeOf, stepOrPause } from './outcomes.ts';
import { reportFailure, reportTrouble, timeOf } from './status.ts';
import type { Blame } from './status.ts';
import type { Action, AgentObservation, AgentStep, StepOutcome } from './types.ts';

/**
 * `step`, again and again until the deadline of staging, with a pause after each failure. It is tried once even past the deadline: the agent may have been away.
 * @param blame who is to blame if it does not succeed in time
 */
export function tryStep(o: AgentObservation, version: string, step: AgentStep, reason: string, blame: Blame = 'other'): Action {
  const before = outcomeOf(o, step);
  // The host is asked for a step again only because it has not brought the host further, whatever its outcome says.
  if (before !== undefined && isLate(o)) return reportFailure(o, version, `${reason}: ${before.message}`, blame);
  return tellFailure(o, reason, before) ?? stepOrPause(o, step, reason);
}

/** Whoever looks at the shadow shall see why while it is tried again, not when it has been given up. */
function tellFailure(o: AgentObservation, step: string, outcome: StepOutcome | undefined): Action | undefined {
  // What has been followed by another step may be mended.
  if (outcome === undefined || outcome.done || outcome !== lastOutcome(o)) return undefined;
  const message = `${step}: ${outcome.message}`;
  const told = o.shadow.status?.failure_message ?? '';
  return isSameFailure(told, message) ? undefined : reportTrouble(o, message);
}

/** Whether the time that failing host commands are tried again for has passed since the spec was written. */
export function isLate(o: AgentObservation): boolean {
  const since = timeOf(o.shadow.spec.state_transition_timestamp);
  return since !== undefined && o.now >= since + o.settings.stageTimeoutMs;
}
