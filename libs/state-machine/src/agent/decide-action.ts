import type { ShadowStatus } from '@brupop/crd-models';
import { decideIdle, nextCheck } from './idle.ts';
import { decideMonitoring } from './monitor.ts';
import { endWithdrawn, offerOf } from './offer.ts';
import { restoreIfOwned, waitWhileBusy } from './outcomes.ts';
import { decideReboot } from './reboot.ts';
import { decideStage } from './stage.ts';
import { observedStatus, reportFailure } from './status.ts';
import type { Action, AgentObservation } from './types.ts';

/**
 * What a node's agent should do next. Looks at the host as it is, not at what was done before, so that any action
 * may be repeated, or lost, at any point.
 * @returns one step, a status to write, or how long to wait; to be decided anew after each
 */
export function decideAction(o: AgentObservation): Action {
  const { spec, status } = o.shadow;
  if (spec.state === 'Idle') return decideIdle(o);
  // The controller has yet to see the failure. To try again now would count it twice.
  if (status?.current_state === 'ErrorReset') return { kind: 'wait', reason: 'Waiting for the controller to acknowledge the failure' };
  if (spec.state === 'ErrorReset') return abandon(o);
  const version = spec.version ?? '';
  if (version === '') {
    const reason = `The shadow's spec sets the state ${spec.state} without a version`;
    return restoreIfOwned(o, reason) ?? reportFailure(o, version, reason, 'other');
  }
  if (isReached(o, version)) return waitForNextStep(o, version);
  switch (spec.state) {
    case 'StagedAndPerformedUpdate':
      // The permission to reboot may be taken back while the node is already held.
      return restoreIfOwned(o, 'The reboot was canceled') ?? decideStage(o, version);
    case 'RebootedIntoUpdate':
      return decideReboot(o, version);
    case 'MonitoringUpdate':
      return decideMonitoring(o, version);
  }
}

/**
 * Somebody has asked for `ErrorReset` by hand: an end to the update, not a failure of it. The node is given back first: on a cluster of one node the
 * controller that is to take the report up finds no other place to run.
 */
function abandon(o: AgentObservation): Action {
  const reason = 'The update was canceled';
  const status: ShadowStatus = { ...observedStatus(o), current_state: 'ErrorReset', progress: null };
  return restoreIfOwned(o, reason) ?? { kind: 'report', reason, status };
}

function isReached(o: AgentObservation, version: string): boolean {
  const { spec, status } = o.shadow;
  return (
    status?.current_state === spec.state &&
    status.target_version === version &&
    status.progress == null &&
    // A host that has meanwhile booted something else has to be looked at again.
    status.current_version === o.host.version
  );
}

/** A staged node may wait for its turn for days, and ends its update when the version is withdrawn meanwhile: another node has use for its slot. */
function waitForNextStep(o: AgentObservation, version: string): Action {
  const reason = `${o.shadow.spec.state} is reached; waiting for the controller to allow the next step`;
  const { status } = o.host;
  if (o.shadow.spec.state !== 'StagedAndPerformedUpdate' || o.host.version === version) return { kind: 'wait', reason };
  if (status.kind === 'busy') return waitWhileBusy(o);
  // Lost, or cancelled by somebody: that is found out, and reported, when the node may reboot.
  if (status.kind !== 'known' || (status.updateState !== 'Ready' && status.updateState !== 'Staged')) return { kind: 'wait', reason };
  if (offerOf(o, version) === 'gone') return endWithdrawn(o, version);
  const until = nextCheck(o);
  return o.now < until ? { kind: 'wait', reason, until } : { kind: 'refresh', reason: `Checking that ${version} is still offered` };
}
