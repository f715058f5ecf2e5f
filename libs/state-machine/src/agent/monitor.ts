import { LIMITS, shortenText } from '@brupop/crd-models';
import { outcomeOf, stepOrPause } from './outcomes.ts';
import { cleared, observedStatus, reportFailure, reportNoTrouble, reportTrouble } from './status.ts';
import type { Action, AgentObservation, StepOutcome } from './types.ts';

// Pods that start after a reboot are unhealthy for a while. To report each of them would cost every update a write or two.
const QUIET_MS = 60_000;

/** Watches the node on the version that it has booted, until it has been healthy for long enough, or has not become so in time. */
export function decideMonitoring(o: AgentObservation, version: string): Action {
  if (o.host.version !== version) {
    return reportFailure(o, version, `The host should run ${version} but runs ${o.host.version}`, 'version');
  }
  const health = outcomeOf(o, 'check-health');
  if (health === undefined) return watch(o, version);
  return (health.done ? healthy(o, version, health) : unhealthy(o, version, health)) ?? watch(o, version);
}

function watch(o: AgentObservation, version: string): Action {
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
  // One clock measures the whole span. The controller's own deadline ends monitoring by an agent that is restarted again and again.
  if ((o.specAgeMs ?? 0) >= monitoringTimeoutMs + soakMs) return reportFailure(o, version, message, 'version');
  const isNews = o.shadow.status?.failure_message !== message && o.now >= (health.since ?? health.at) + QUIET_MS;
  return isNews ? reportTrouble(o, message) : undefined;
}

/** What is wrong with a node on the version that it has booted, for people. */
export function notHealthy(version: string, { message }: StepOutcome): string {
  return shortenText(`The node is not healthy on ${version}: ${message}`, LIMITS.message);
}
