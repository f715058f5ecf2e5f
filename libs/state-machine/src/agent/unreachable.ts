import type { ShadowStatus } from '@brupop/crd-models';
import { UPDATE_WITHDRAWN } from './offer.ts';
import { isSameFailure, outcomeOf } from './outcomes.ts';
import type { Action, AgentObservation } from './types.ts';

/** Of a step that waits for the host API to answer: `reason` of its progress. */
export const HOST_UNREACHABLE = 'HostUnreachable';

// The host API is restarted now and then, and mostly back before anybody asks.
const SILENT_FOR_MS = 5_000;

/** Whether the host has accepted a reboot of ours, and may be on its way down: its API is silent then. */
export function isGoingDown(o: Pick<AgentObservation, 'outcomes' | 'now' | 'settings'>): boolean {
  const asked = outcomeOf(o, 'reboot');
  return asked?.done === true && o.now >= asked.at && o.now < asked.at + o.settings.rebootTimeoutMs;
}

/**
 * What to report of an update under way while the host API does not answer: what is waited for. Reported once, for the step that waits.
 * @param problem for people
 * @param since when it was first asked in vain, milliseconds since the Unix epoch
 * @returns undefined: nothing, or nothing new
 */
export function decideUnanswered(
  o: Pick<AgentObservation, 'shadow' | 'outcomes' | 'now' | 'settings'>,
  problem: string,
  since: number,
): Extract<Action, { kind: 'report' }> | undefined {
  const { spec, status } = o.shadow;
  if (status == null || o.now < since + SILENT_FOR_MS || isGoingDown(o)) return undefined;
  const reason = `The host API does not respond: ${problem}`;
  const { progress } = status;
  if (progress != null) {
    if (progress.reason === HOST_UNREACHABLE || progress.reason === UPDATE_WITHDRAWN) return undefined;
    return {
      kind: 'report',
      reason,
      status: { ...agentsOwn(status), progress: { ...progress, reason: HOST_UNREACHABLE, message: reason } },
    };
  }
  const isWaiting = spec.state === status.current_state || spec.state === 'Idle' || status.current_state === 'ErrorReset';
  if (isWaiting || isSameFailure(status.failure_message ?? '', reason)) return undefined;
  return { kind: 'report', reason, status: { ...agentsOwn(status), failure_message: reason } };
}

/** What an agent may write of a status. */
export function agentsOwn(status: ShadowStatus): ShadowStatus {
  return Object.fromEntries(Object.entries(status).filter(([field]) => field !== 'conditions')) as unknown as ShadowStatus;
}
