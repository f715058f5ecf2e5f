import { LIMITS } from '@brupop/crd-models';
import { shortenText } from '@brupop/kube-objects';
import { outcomeOf, stepOrPause } from './outcomes.ts';
import { cleared, observedStatus, reportFailure, reportNoTrouble, reportTrouble } from './status.ts';
import type { Action, AgentObservation, StepOutcome } from './types.ts';

// Pods that start after a reboot are unhealthy for a while. Reporting them would cost every update a write or two.
const QUIET_MS = 60_000;

/** Monitors the node on the booted version until it has been healthy for the soak time, or has not become healthy before the deadline. */
export function decideMonitoring(o: AgentObservation, version: string): Action {
  if (o.host.version !== version) {
    return reportFailure(o, version, `The host should run ${version} but runs ${o.host.version}`, 'version');
  }
  const health = outcomeOf(o, 'check-health');
  if (health === undefined) return checkHealth(o, version);
  return (health.done ? healthy(o, version, health) : unhealthy(o, version, health)) ?? checkHealth(o, version);
}

function checkHealth(o: AgentObservation, version: string): Action {
  return stepOrPause(o, 'check-health', `Monitoring the node on ${version}`);
}

function healthy(o: AgentObservation, version: string, health: StepOutcome): Action | undefined {
  const reason = `The node is healthy on ${version}`;
  if (o.now >= (health.since ?? health.at) + o.settings.soakMs) {
    return { kind: 'report', reason, status: cleared({ ...observedStatus(o), current_state: 'MonitoringUpdate', progress: null }) };
  }
  return (o.shadow.status?.failure_message ?? null) === null ? undefined : reportNoTrouble(o, reason);
}

function unhealthy(o: AgentObservation, version: string, health: StepOutcome): Action | undefined {
  const message = notHealthy(version, health);
  const { monitoringTimeoutMs, soakMs } = o.settings;
  // Measured by one clock. If the agent restarts again and again, the deadline of the controller ends the monitoring.
  if ((o.specAgeMs ?? 0) >= monitoringTimeoutMs + soakMs) return reportFailure(o, version, message, 'version');
  const isDue = o.shadow.status?.failure_message !== message && o.now >= (health.since ?? health.at) + QUIET_MS;
  return isDue ? reportTrouble(o, message) : undefined;
}

/** The message for a node that is not healthy on the booted version. */
export function notHealthy(version: string, { message }: StepOutcome): string {
  return shortenText(`The node is not healthy on ${version}: ${message}`, LIMITS.message);
}
