import type { ShadowStatus } from '@brupop/crd-models';
import { notHealthy } from './monitor.ts';
import { outcomeOf } from './outcomes.ts';
import { cleared, failed } from './status.ts';
import type { Action, AgentObservation } from './types.ts';

// Each look is a list of the node's pods.
const LOOK_EVERY_MS = 5 * 60_000;

/** Whether the host runs a version on which the node was not healthy. */
export function hasFailedOn({ host, shadow }: AgentObservation): boolean {
  return shadow.status?.failed_versions?.some(({ version }) => version === host.version) === true;
}

/** Looks how the node is on a version that the controller gave up to monitor: whether to blame the version is known only then. */
export function lookAfterGivingUp(o: AgentObservation): Action | undefined {
  if (!isGivenUpOn(o) || outcomeOf(o, 'check-health') !== undefined) return undefined;
  return { kind: 'check-health', reason: `Checking whether the node is healthy on ${o.host.version} after its monitoring ended` };
}

/** Looks from time to time whether the node has become healthy on the version that failed. */
export function lookAtFailedVersion(o: AgentObservation): Action | undefined {
  const last = outcomeOf(o, 'check-health');
  if (!hasFailedOn(o) || last?.done === true) return undefined;
  // A wall clock that has jumped back must not turn the pause into hours.
  if (last !== undefined && o.now >= last.at && o.now < last.at + LOOK_EVERY_MS) return undefined;
  return { kind: 'check-health', reason: `Checking whether the node has become healthy on ${o.host.version}` };
}

/** When {@link lookAtFailedVersion} looks next, milliseconds since the Unix epoch; Infinity: never. */
export function nextLook(o: AgentObservation): number {
  return hasFailedOn(o) ? (outcomeOf(o, 'check-health')?.at ?? o.now) + LOOK_EVERY_MS : Infinity;
}

/**
 * What is reported of an idle node that runs a version on which it was not healthy, or whose monitoring was given up. The failure stands until the node is healthy,
 * whatever a refresh finds.
 * @param status of an idle node
 * @returns undefined: nothing special
 */
export function statusOnFailedVersion(o: AgentObservation, status: ShadowStatus): ShadowStatus | undefined {
  const health = outcomeOf(o, 'check-health');
  if (isGivenUpOn(o) && health?.done === false) return failed(o, status, o.host.version, notHealthy(o.host.version, health), 'version');
  if (!hasFailedOn(o)) return undefined;
  return health?.done === true ? { ...cleared(status), unhealthy_before: null } : status;
}

/** An idle spec that still names a version was given up; the agent that has not reported since has yet to say how the node is. */
function isGivenUpOn({ host, shadow: { spec, status } }: AgentObservation): boolean {
  return spec.version === host.version && status != null && status.current_state !== 'Idle' && status.current_state !== 'ErrorReset';
}
