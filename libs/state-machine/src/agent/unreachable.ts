import type { ShadowStatus } from '@brupop/crd-models';
import { UPDATE_WITHDRAWN } from './offer.ts';
import { isSameFailure, outcomeOf } from './outcomes.ts';
import type { Action, AgentObservation } from './types.ts';

/** The `reason` of the progress of a step that waits for the host API to respond. */
export const HOST_UNREACHABLE = 'HostUnreachable';

// The host API restarts now and then, and usually responds again within seconds.
const TOLERATED_MS = 5_000;

/** Whether the host has accepted a reboot and may be going down: its API does not respond then. */
export function isGoingDown(o: Pick<AgentObservation, 'outcomes' | 'now' | 'settings'>): boolean {
  const asked = outcomeOf(o, 'reboot');
  return asked?.done === true && o.now >= asked.at && o.now < asked.at + o.settings.rebootTimeoutMs;
}

/**
 * Reports that a running update waits for the host API, once for each step that waits.
 * @param problem the error, as part of a message
 * @param since when the host API first did not respond, milliseconds since the Unix epoch
 * @returns undefined if there is nothing new to report
 */
export function decideUnanswered(
  o: Pick<AgentObservation, 'shadow' | 'outcomes' | 'now' | 'settings'>,
  problem: string,
  since: number,
): Extract<Action, { kind: 'report' }> | undefined {
  const { spec, status } = o.shadow;
  if (status == null || o.now < since + TOLERATED_MS || isGoingDown(o)) return undefined;
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

/** The fields of a status that an agent may write. */
export function agentsOwn(status: ShadowStatus): ShadowStatus {
  return Object.fromEntries(Object.entries(status).filter(([field]) => field !== 'conditions')) as unknown as ShadowStatus;
}
