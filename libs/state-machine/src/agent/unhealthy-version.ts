import type { ShadowStatus } from '@brupop/crd-models';
import { notHealthy } from './monitor.ts';
import { outcomeOf } from './outcomes.ts';
import { cleared, failed } from './status.ts';
import type { Action, AgentObservation } from './types.ts';

// Each health check lists the pods of the node.
const CHECK_EVERY_MS = 5 * 60_000;

/** Whether the host runs a version on which the node was not healthy. */
export function hasFailedOn({ host, shadow }: AgentObservation): boolean {
  return shadow.status?.failed_versions?.some(({ version }) => version === host.version) === true;
}

/**
 * Checks the health of the node on a version whose monitoring the controller gave up. Only the result says whether the version has failed.
 */
export function checkAfterGivingUp(o: AgentObservation): Action | undefined {
  if (!isGivenUpOn(o) || outcomeOf(o, 'check-health') !== undefined) return undefined;
  return { kind: 'check-health', reason: `Checking whether the node is healthy on ${o.host.version} after its monitoring ended` };
}

/** Checks periodically whether the node has become healthy on the version that failed. */
export function checkFailedVersion(o: AgentObservation): Action | undefined {
  const last = outcomeOf(o, 'check-health');
  if (!hasFailedOn(o) || last?.done === true) return undefined;
  // The pause must not become hours if the wall clock has jumped back.
  if (last !== undefined && o.now >= last.at && o.now < last.at + CHECK_EVERY_MS) return undefined;
  return { kind: 'check-health', reason: `Checking whether the node has become healthy on ${o.host.version}` };
}

/** When {@link checkFailedVersion} checks next, milliseconds since the Unix epoch; Infinity: never. */
export function nextHealthCheck(o: AgentObservation): number {
  return hasFailedOn(o) ? (outcomeOf(o, 'check-health')?.at ?? o.now) + CHECK_EVERY_MS : Infinity;
}

/**
 * The status of an idle node that runs a version on which it was not healthy, or whose monitoring was given up. The failure remains until
 * the node is healthy, whatever a refresh finds.
 * @param status of an idle node
 * @returns undefined if this is not such a node
 */
export function statusOnFailedVersion(o: AgentObservation, status: ShadowStatus): ShadowStatus | undefined {
  const health = outcomeOf(o, 'check-health');
  if (isGivenUpOn(o) && health?.done === false) return failed(o, status, o.host.version, notHealthy(o.host.version, health), 'version');
  if (!hasFailedOn(o)) return undefined;
  return health?.done === true ? { ...cleared(status), unhealthy_before: null } : status;
}

/** Whether the controller gave up monitoring (an idle spec with a version) and the agent has not reported since. */
function isGivenUpOn({ host, shadow: { spec, status } }: AgentObservation): boolean {
  return spec.version === host.version && status != null && status.current_state !== 'Idle' && status.current_state !== 'ErrorReset';
}
